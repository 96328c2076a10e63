/**
 * A talk whose node has died goes on without one, and nobody can be asked to act on it. So the caller is brought to a
 * node that lives, as if the agent consulted somebody, with nobody there: the agent comes to the listener too, and the
 * node joins the two again at once (call/talk.ts). They hear each other again after a tenth of a second. Used by
 * live-calls.ts.
 */
import { sleep, type Clock } from '../base/clock.ts'
import { LEG_PATH } from '../call/arrival.ts'
import * as build from '../esl/api.ts'
import { ident, uuid as uuidOf, varValue, type Ident } from '../esl/safe-text.ts'
import { isSame, type CallStore, type Owner } from '../journal/call-store.ts'
import { firstEntryOf } from '../record/record-from-journal.ts'
import type { Switchboard } from '../switch/switchboard.ts'

interface FetchParts {
  readonly switchboard: Switchboard
  readonly calls: Pick<CallStore, 'owner' | 'read'>
  readonly clock: Clock
}

/** A node takes a call over within moments, and joins the two again. */
const TAKEN_MS = 3_000
const LOOK_MS = 50
/** Until the two talk again, nobody can be consulted. */
const JOINED_MS = 500

/** Resolves with the node that has the call now; null when the call does not talk, or no node took it. */
export async function fetchTalk(
  { switchboard, calls, clock }: FetchParts,
  call: string,
  before: Owner,
): Promise<Owner | null> {
  const leg = uuidOf(call)
  const at = await switchboard.holder(leg)
  const agent = at && (await at.joinedWith(leg))
  const flow = firstEntryOf(await calls.read(call))?.arrival.path
  if (!at || !agent || flow === undefined) return null
  const own = build.flowOfDoor(await at.variable(agent, 'transfer_after_bridge')) // an agent who has dialled in returns to their flow
  const isParked = (await at.variable(agent, 'park_after_bridge')) === 'true'
  const back = isParked ? ('' as const) : build.doorOf(own ?? (LEG_PATH as Ident))
  await at.commands.run(build.uuidSetvars(agent, { socket_resume: 'false', transfer_after_bridge: back }))
  await at.commands.run(build.uuidSetvar(leg, 'switchhook_aside' as Ident, varValue(`${agent}:`)))
  await at.commands.run(build.uuidTransfer(leg, ident(flow)))
  const end = clock.monotonic() + TAKEN_MS
  while (clock.monotonic() < end) {
    await sleep(clock, LOOK_MS)
    const owner = await calls.owner(call)
    if (!owner) return null
    if (isSame(owner, before)) continue
    await sleep(clock, JOINED_MS)
    return owner
  }
  return null
}
