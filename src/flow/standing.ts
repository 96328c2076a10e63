/** Where calls live, asked of all switches at once. */
import { uuidOf } from '../call/listing.ts'
import type { Switch, Switchboard } from '../call/switchboard.ts'
import type { Uuid } from '../esl/words.ts'

/** The switch it lives on; 'no': on none; 'unknown': not on those that could be asked. */
export type Standing = Switch | 'no' | 'unknown'

/** Can it be asked, and does its no mean that the call is over? */
export const answers = (one: Switch): boolean => one.up && !one.waiting

export async function standingOf(switchboard: Switchboard, calls: Iterable<string>): Promise<ReadonlyMap<string, Standing>> {
  const uuids = [...new Set(calls)].map(uuidOf).filter((uuid): uuid is Uuid => uuid !== null)
  const standing = new Map<string, Standing>()
  if (uuids.length === 0) return standing
  const all = await Promise.all(switchboard.switches.map(async one => ({ one, lives: await one.livesAll(uuids) })))
  for (const uuid of uuids) {
    const home = all.find(({ lives }) => lives.get(uuid) === 'yes')
    const silent = all.some(({ one, lives }) => lives.get(uuid) === 'unknown' || !answers(one))
    standing.set(uuid, home?.one ?? (silent ? 'unknown' : 'no'))
  }
  return standing
}
