/** Where calls live, asked of all switches at once. */
import { uuidOf } from '../switch/channel-list.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import type { Uuid } from '../esl/safe-text.ts'

/** The switch it lives on; 'no': on none; 'unknown': not on those that could be asked. */
export type Liveness = Switch | 'no' | 'unknown'

/** Can it be asked, and does its no mean that the call is over? */
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
