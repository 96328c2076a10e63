/**
 * Applications that listen for tones of the far end: tone_detect and stop_tone_detect. A tone that is heard runs the
 * application in the variable `execute_on_tone_detect` at once, beside what the leg does; only `set` is simulated.
 */
import type { Channel } from '../channel.ts'
import { integer } from '../encoding.ts'
import { words } from '../separate.ts'
import type { Application } from './application.ts'

/** FreeSWITCH needs so much of a tone: four blocks of 102 samples. */
const HEARD_MS = 60
/** MAX_TONES of switch_ivr_async.c. */
const MOST = 16

interface Entry {
  /** False when it was heard, or the application was stopped: it is heard once. */
  up: boolean
}

const listening = new WeakMap<Channel, Map<string, Entry>>()

function listen(channel: Channel, data: string): void {
  const [key = '', tone = ''] = words(data, 8)
  const entries = listening.get(channel) ?? new Map<string, Entry>()
  listening.set(channel, entries)
  if (!entries.has(key) && entries.size >= MOST) return
  const entry: Entry = { up: true }
  entries.set(key, entry)
  const after = channel.person?.toneAfter(channel.sim.clock.now(), integer(tone), HEARD_MS)
  if (after !== undefined) channel.later(after + HEARD_MS, () => heard(channel, entry))
}

function heard(channel: Channel, entry: Entry): void {
  if (!entry.up || channel.down) return
  entry.up = false
  const [, pair] = /^set ([^]+)$/.exec(channel.variables.get('execute_on_tone_detect') ?? '') ?? []
  if (pair !== undefined) channel.variables.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
}

export const toneApplications: Record<string, Application> = {
  tone_detect: listen,
  stop_tone_detect(channel) {
    for (const entry of listening.get(channel)?.values() ?? []) entry.up = false
    listening.delete(channel)
  },
}
