/** What operations do with live calls: node.ts gives it to them. */
import type { Clock } from '../base/clock.ts'
import { Refusal, SwitchhookError } from '../base/errors.ts'
import type { ClickToDial } from '../campaign/click-to-dial.ts'
import * as build from '../esl/api.ts'
import { ident, uuid as uuidOf, varValue, type Ident } from '../esl/safe-text.ts'
import type { CallStore } from '../journal/call-store.ts'
import type { CallAct } from '../operations/call-act.ts'
import type { LiveCalls } from '../operations/operation.ts'
import { uuidOf as uuidIn } from '../switch/channel-list.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import { TO_QUEUE, type CallActs } from './call-acts.ts'
import { fetchTalk } from './fetch-talk.ts'
import { isRefusedBySwitch } from './switch-refusal.ts'
import type { ThirdLegs } from './third-legs.ts'

export interface LiveCallsParts {
  readonly switchboard: Switchboard
  /** The name of this node. */
  readonly node: string
  readonly calls: Pick<CallStore, 'owner' | 'read'>
  readonly clock: Clock
  /** Is this node alive? */
  isAlive(name: string): boolean
  readonly beside: ThirdLegs
  /** Null on a node that drives no calls. */
  acts(): CallActs | null
  dial(request: ClickToDial): Promise<{ uuid: string }>
  /** Asks another node (node-requests.ts). */
  ask(node: string, act: CallAct): Promise<void>
}

export const liveCalls = ({
  switchboard,
  node,
  calls,
  clock,
  isAlive,
  beside,
  acts,
  dial,
  ask,
}: LiveCallsParts): LiveCalls => ({
  dial,
  beside,

  async hangUp(call, cause) {
    const leg = uuidOf(call)
    const one = await switchboard.holder(leg)
    return one !== null && isThere(one.commands.run(build.uuidKill(leg, ident(cause))))
  },

  async act(act) {
    const here = acts()
    if (here?.has(act.call)) return isThere(here.perform(act))
    const owner = await calls.owner(act.call)
    if (owner === null) return false
    if (owner.node !== node && isAlive(owner.node)) return isThere(ask(owner.node, act))
    const taken = await fetchTalk({ switchboard, calls, clock }, act.call, owner)
    if (taken === null) return false
    return isThere(taken.node === node && here ? here.perform(act) : ask(taken.node, act))
  },

  async bring(call, queue) {
    const leg = uuidOf(call)
    const one = await switchboard.holder(leg)
    if (!one || (await calls.owner(call)) !== null) return false
    await one.commands.run(build.uuidSetvar(leg, 'queue' as Ident, varValue(queue)))
    return isThere(one.commands.run(build.uuidTransfer(leg, TO_QUEUE as Ident)))
  },

  async hold(call, on) {
    const leg = uuidOf(call)
    const one = await switchboard.holder(leg)
    if (!one) return false
    const other = uuidIn((await one.ask(build.uuidGetvar(leg, 'bridge_to' as Ident))).trim())
    if (!other) throw new Refusal('WRONG_STATE', `the caller of call ${call} does not talk with anybody now`)
    try {
      await one.commands.run(build.uuidHold(other, on))
    } catch (error) {
      if (!isRefusedBySwitch(error)) throw error
      throw new Refusal('WRONG_STATE', `the caller of call ${call} is ${on ? 'already' : 'not'} on hold`)
    }
    return true
  },
})

/** False when the call ended in this moment. */
async function isThere(done: Promise<unknown>): Promise<boolean> {
  try {
    await done
    return true
  } catch (error) {
    if (isRefusedBySwitch(error) || (error instanceof SwitchhookError && error.code === 'NOT_FOUND')) return false
    throw error
  }
}
