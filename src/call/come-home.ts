/** Fetches a caller to this node anew, out of what FreeSWITCH does with the caller now: a talk, a sound, a question. */
import { within } from '../base/clock.ts'
import * as build from '../esl/api.ts'
import { ident, varValue, type Ident } from '../esl/safe-text.ts'
import type { CallContext } from './call-context.ts'
import type { Leg } from './leg.ts'

/** A leg arrives within 30 ms (measured). */
const ARRIVES_MS = 1_000

/**
 * The caller leaves a talk, or the application that runs, and arrives at this node; at any node when this one has no
 * single address. The commands are sent in this turn of the event loop. Resolves when the caller is here; after a
 * second in any case, for the caller may have left, or reached another node.
 */
export async function comeHome(leg: Leg, { settings: { address }, clock }: CallContext): Promise<void> {
  if (!leg.home || leg.phase === 'ended' || leg.phase === 'moved') return
  const path = ident(leg.arrival.path)
  const commands =
    address === undefined
      ? [build.uuidTransfer(leg.uuid, path)]
      : [
          build.uuidSetvar(leg.uuid, 'switchhook_home' as Ident, varValue(address)),
          build.uuidTransferHome(leg.uuid, path),
        ]
  const over = new AbortController()
  const arrives = leg.next('bound', over.signal).catch(() => {})
  const sent = Promise.all(commands.map(command => leg.home!.attempt(command)))
  if ((await sent).every(Boolean)) await within(clock, ARRIVES_MS, Promise.race([arrives, leg.ended, leg.moved]))
  over.abort()
}
