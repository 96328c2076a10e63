/**
 * The invariants of queues and agents while no change is under way. Returns one sentence per violation. Pure, of a
 * snapshot from the store.
 */
import { holds } from '../agent/agent.ts'
import { match, type Snapshot } from './match.ts'
import { offersOf } from './member.ts'

export function check(snapshot: Snapshot): string[] {
  const { members, agents, now } = snapshot
  const faults: string[] = []
  const promisedTo = new Map<string, string>()
  for (const member of members) {
    const { queue, call, state } = member
    const offers = offersOf(member)
    const who = `caller ${call} in ${queue}`
    if ((state === 'waiting') !== (offers.length === 0))
      faults.push(`${who} is ${state} ${offers.length > 0 ? 'with' : 'without'} an agent`)
    if (state === 'talking' && offers.length > 1) faults.push(`${who} talks and is offered ${offers.length - 1} agents`)
    for (const offer of offers) {
      const agent = agents.find(known => known.name === offer.agent)
      const holding = agent && holds(agent, offer.epoch, now)
      if (state === 'offered' && !holding)
        faults.push(`${who} is offered agent ${offer.agent}, who is not reserved for this caller`)
      if (!holding) continue
      const other = promisedTo.get(agent.name)
      if (other) faults.push(`agent ${agent.name} is reserved for callers ${other} and ${call}`)
      promisedTo.set(agent.name, call)
    }
  }
  for (const { name, state, reservation } of agents) {
    if (!reservation?.queue || promisedTo.get(name) === reservation.for) continue
    faults.push(
      `agent ${name} is ${state} for caller ${reservation.for}, who has no such place in ${reservation.queue}`,
    )
  }
  for (const { member, agent } of match(snapshot).assignments) {
    if (member.state === 'offered') continue // one more telephone would ring for this caller
    faults.push(`caller ${member.call} waits in ${member.queue} although agent ${agent.name} is free`)
  }
  return faults
}
