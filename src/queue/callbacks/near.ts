/**
 * Whose turn is near: the callbacks of queues that call the customer first. Such a customer is called when so few
 * callers are ahead that an agent who is free now, or the next one who is, can be for them. Their telephone rings
 * meanwhile, so agents go to callers behind; who answers is at the old place and gets the next agent. Pure.
 */
import { asOf, isPresent, whyNotNow } from '../../agent/agent.ts'
import type { FloorIndex } from '../floor-index.ts'
import { isForCustomer, type Member } from '../member.ts'

/** Reads the heads of the lines of such queues only. */
export function nearCallbacks(floor: FloorIndex, now: number): Member[] {
  const near: Member[] = []
  for (const queue of floor.queuesOfCustomers) {
    const staff = [...floor.staff(queue)].filter(isPresent)
    if (staff.length === 0) continue
    let places = Math.max(1, staff.filter(agent => whyNotNow(asOf(agent, now), now) === null).length)
    for (const member of floor.line(queue)) {
      if (!isInTurn(member, now)) continue
      if (isForCustomer(member) && member.state === 'waiting' && !member.callback!.called) near.push(member)
      if (--places === 0) break
    }
  }
  return near
}

/** A callback between two tries holds nobody up; one whose telephone rings has an agent of these. */
const isInTurn = ({ callback, passedUntil }: Member, now: number): boolean =>
  !callback || callback.called === true || passedUntil <= now
