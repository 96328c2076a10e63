/** The record of a call that nobody drove to its end, made of its journal: what the flow would have written, as far as it came. */
import { readEntry, type Begin, type Entry, type Note } from '../call/entries.ts'
import type { Ended } from '../call/hangups.ts'
import type { LegEnd } from '../call/leg.ts'
import type { CallRecord } from './run.ts'
import { storyOf, type QueueMoment } from './story.ts'

/** How a call ended, when that is known: heard on a link, or because its switch ended. */
export interface KnownEnd extends Ended {
  readonly facts?: LegEnd['facts']
}

/**
 * Null when the journal says nothing. The outcome is 'talked' when the last that happened was a talk, 'hung-up' when they left before,
 * 'lost' when their switch ended with them or nobody knows. Without a known end it ended at `now`, when it was missed.
 */
export function remainsOf(lines: readonly string[], end: KnownEnd | null, now: number): CallRecord | null {
  const entries = readAll(lines)
  const begin = entries[0]
  if (begin?.k !== 'begin') return null
  const story = storyOf(entries.filter((entry): entry is Note => entry.k === 'note'))
  const last = story.timeline.at(-1)
  const endedAt = Math.max(end?.at ?? now, ...entries.map(entry => entry.at)) // two clocks may differ; nothing happens after the end
  const talked = last?.event === 'talking' || last?.event === 'talked'
  return {
    ...beginningOf(begin),
    ...story,
    timeline: last?.event === 'talking' ? [...story.timeline, talkEnd(last, endedAt)] : story.timeline,
    end: { cause: end?.cause ?? 'LOST', ...(end?.facts && { facts: end.facts }) },
    endedAt,
    outcome: talked ? 'talked' : end === null || end.cause === 'SWITCH_CRASH' || end.cause === 'LOST' ? 'lost' : 'hung-up',
  }
}

/** What a journal says of where its call lives, and which flow it is in. */
export function beginOf(lines: readonly string[]): Begin | null {
  const [begin] = readAll(lines.slice(0, 1))
  return begin?.k === 'begin' ? begin : null
}

function beginningOf({ at, arrival }: Begin) {
  const { uuid, path, direction, from, to, core } = arrival
  return { uuid, flow: path, direction, from, to, core, startedAt: at }
}

const talkEnd = ({ agent }: QueueMoment, at: number): QueueMoment => ({ at, event: 'talked', ...(agent === undefined ? {} : { agent }) })

/** As far as it can be read. */
function readAll(lines: readonly string[]): Entry[] {
  const entries: Entry[] = []
  try {
    for (const line of lines) entries.push(readEntry(line))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return entries
}
