/** What operations do with live calls: node.ts gives it to them. */
import { sleep, type Clock } from '../base/clock.ts'
import { Refusal, SwitchhookError } from '../base/errors.ts'
import type { ClickToDial } from '../campaign/click-to-dial.ts'
import * as build from '../esl/api.ts'
import { ident, uuid as uuidOf, varValue, type Ident, type Uuid } from '../esl/safe-text.ts'
import { isSame, type CallStore, type Owner } from '../journal/call-store.ts'
import type { CallAct } from '../operations/call-act.ts'
import type { LiveCalls } from '../operations/operation.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import { TO_QUEUE, type CallActs } from './call-acts.ts'
import { fetchTalk } from './fetch-talk.ts'
import { isRefusedBySwitch } from './switch-refusal.ts'
import type { ThirdLegs } from './third-legs.ts'

/** While another node is asked about a call: it may have died, and its calls have moved. */
const LOOK_MS = 500

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
    for (;;) {
      const here = acts()
      if (here?.has(act.call)) return isThere(here.perform(act))
      const owner = await calls.owner(act.call)
      if (owner === null) return false
      if (owner.node === node || !isAlive(owner.node)) {
        const taken = await fetchTalk({ switchboard, calls, clock }, act.call, owner)
        if (taken === null) return false
        return isThere(taken.node === node && here ? here.perform(act) : ask(taken.node, act))
      }
      // a node that has just died counts as alive for some seconds, and answers nothing; it may have done it already
      const over = new AbortController()
      const asked = isThere(ask(owner.node, act))
      asked.catch(() => {}) // when the call has moved, nobody waits for it
      const moved = hasMoved({ calls, clock }, act.call, owner, over.signal)
      try {
        const done = await Promise.race([asked, moved])
        if (done !== 'moved') return done
      } catch (error) {
        if (!isSilence(error) || isAlive(owner.node)) throw error
      } finally {
        over.abort()
      }
    }
  },

  async bring(call, queue) {
    const leg = uuidOf(call)
    const one = await switchboard.holder(leg)
    if (!one || (await calls.owner(call)) !== null) return false
    await one.commands.run(build.uuidSetvar(leg, 'queue' as Ident, varValue(queue)))
    return isThere(one.commands.run(build.uuidTransfer(leg, TO_QUEUE as Ident)))
  },

  async isHeld(call) {
    const leg = uuidOf(call)
    const one = await switchboard.holder(leg)
    if (!one) return null
    const other = await partnerOf(one, leg)
    return (await one.list())?.get(other)?.callState === 'HELD'
  },

  async hold(call, on) {
    const leg = uuidOf(call)
    const one = await switchboard.holder(leg)
    if (!one) return false
    const other = await partnerOf(one, leg)
    try {
      await one.commands.run(build.uuidHold(other, on))
    } catch (error) {
      if (!isRefusedBySwitch(error)) throw error
      throw new Refusal('WRONG_STATE', `the caller of call ${call} is ${on ? 'already' : 'not'} on hold`)
    }
    return true
  },
})

/** With whom the caller talks. Rejects with Refusal WRONG_STATE. */
async function partnerOf(one: Switch, caller: Uuid): Promise<Uuid> {
  const other = await one.joinedWith(caller)
  if (!other) throw new Refusal('WRONG_STATE', `the caller of call ${caller} does not talk with anybody now`)
  return other
}

/** Resolves when another node has the call, or none: it looks now and then. Never once `over` has aborted. */
async function hasMoved(
  { calls, clock }: Pick<LiveCallsParts, 'calls' | 'clock'>,
  call: string,
  owner: Owner,
  over: AbortSignal,
): Promise<'moved'> {
  do await sleep(clock, LOOK_MS, over).catch(() => new Promise(() => {}))
  while (isSame(await calls.owner(call).catch(() => owner), owner))
  return 'moved'
}

const isSilence = (error: unknown): boolean => error instanceof SwitchhookError && error.code === 'SERVICE'

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
