/** Asks every FreeSWITCH at once on which of them calls live. Used by orphaned-calls.ts and stale-records.ts. */
import { uuidOf } from '../switch/channel-list.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import type { Uuid } from '../esl/safe-text.ts'

/** The FreeSWITCH on which the call lives; 'no': on none; 'unknown': on none that answered, and not all did. */
export type Liveness = Switch | 'no' | 'unknown'

/**
 * Is the link up, and does a "no" of this FreeSWITCH mean that the call is over? (Not while it may still recover
 * calls.)
 */
export const answers = (one: Switch): boolean => one.up && !one.waiting

export async function livenessOf(
  switchboard: Switchboard,
  calls: Iterable<string>,
): Promise<ReadonlyMap<string, Liveness>> {
  const uuids = [...new Set(calls)].map(uuidOf).filter((uuid): uuid is Uuid => uuid !== null)
  const liveness = new Map<string, Liveness>()
  if (uuids.length === 0) return liveness
  const all = await Promise.all(switchboard.switches.map(async one => ({ one, lives: await one.livesAll(uuids) })))
  for (const uuid of uuids) {
    const home = all.find(({ lives }) => lives.get(uuid) === 'yes')
    const silent = all.some(({ one, lives }) => lives.get(uuid) === 'unknown' || !answers(one))
    liveness.set(uuid, home?.one ?? (silent ? 'unknown' : 'no'))
  }
  return liveness
}
