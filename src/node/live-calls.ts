/** What operations do with live calls: node.ts gives it to them. */
import { NotFoundError, SwitchError, SwitchhookError } from '../base/errors.ts'
import type { Leg } from '../call/leg.ts'
import { sendAway } from '../call/verbs/transfer.ts'
import type { ClickToDial } from '../campaign/click-to-dial.ts'
import * as build from '../esl/api.ts'
import { ident, uuid as uuidOf } from '../esl/safe-text.ts'
import type { CallStore } from '../journal/call-store.ts'
import type { LiveCalls } from '../operations/operation.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import type { NodeRequest } from './node-requests.ts'

export interface LiveCallsParts {
  readonly switchboard: Switchboard
  /** The name of this node. */
  readonly node: string
  readonly calls: Pick<CallStore, 'owner'>
  /** The legs that this node drives. */
  legs(): ReadonlyMap<string, Leg>
  dial(request: ClickToDial): Promise<{ uuid: string }>
  /** Asks another node (node-requests.ts). */
  ask(node: string, request: NodeRequest): Promise<void>
}

export const liveCalls = ({ switchboard, node, calls, legs, dial, ask }: LiveCallsParts): LiveCalls => ({
  dial,

  async hangUp(call, cause) {
    const leg = uuidOf(call)
    const one = await switchboard.holder(leg)
    return one !== null && isThere(one.commands.run(build.uuidKill(leg, ident(cause))))
  },

  async transfer(call, extension, context) {
    if (legs().has(call)) return isThere(transferHere(legs(), { call, extension, context }))
    const owner = await calls.owner(call)
    if (owner === null || owner.node === node) return false
    return isThere(ask(owner.node, { what: 'transfer', call, extension, context }))
  },
})

/** Does what another node asks for. Rejects with NOT_FOUND when this node does not drive the call. */
export async function transferHere(
  legs: ReadonlyMap<string, Leg>,
  { call, extension, context }: Pick<NodeRequest, 'call' | 'extension' | 'context'>,
): Promise<void> {
  const leg = legs.get(call)
  if (!leg || leg.phase === 'ended' || leg.phase === 'moved') throw new NotFoundError('live call', call, null)
  await sendAway(leg, extension, context)
}

/** False when the call ended in this moment. */
async function isThere(done: Promise<unknown>): Promise<boolean> {
  try {
    await done
    return true
  } catch (error) {
    const gone = error instanceof SwitchError && error.code === 'SWITCH_REFUSED'
    if (gone || (error instanceof SwitchhookError && error.code === 'NOT_FOUND')) return false
    throw error
  }
}
