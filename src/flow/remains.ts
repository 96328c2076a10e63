/** The record of a call that nobody drove to its end, made of its journal: what the flow would have written, as far as it came. */
import { readEntries, type Begin, type Entry, type Intent, type Note } from '../call/entries.ts'
import type { Ended } from '../call/hangups.ts'
import type { LegEnd } from '../call/ending.ts'
import { uuid as parseUuid, type Uuid } from '../esl/words.ts'
import type { CallRecord } from './run.ts'
import { storyOf, type QueueMoment } from './story.ts'

/** How a call ended, when that is known: heard on a link, or because its switch ended. */
export interface KnownEnd extends Ended {
  readonly facts?: LegEnd['facts']
}

/** The clocks of a switch and of a node may differ by this much; a time of bridging that is older is of an earlier talk. */
const JOINED_WITHIN_MS = 2_000

/**
 * Null when the journal says nothing. The outcome is what a campaign's flow had come to; else 'talked' when the last that happened was a
 * talk, 'hung-up' when they left before, 'lost' when their switch ended with them or nobody knows. Without a known end it ended at `now`,
 * when it was missed.
 */
export function remainsOf(lines: readonly string[], end: KnownEnd | null, now: number): CallRecord | null {
  const entries = readEntries(lines)
  const begin = entries[0]
  if (begin?.k !== 'begin') return null
  const notes = entries.filter((entry): entry is Note => entry.k === 'note')
  const said = notes.flatMap(({ note }) => ('disposition' in note ? [note.disposition] : [])).at(-1)
  const story = storyOf([...notes, ...unwrittenTalk(entries, end)])
  const last = story.timeline.at(-1)
  const endedAt = Math.max(end?.at ?? now, ...entries.map(entry => entry.at)) // two clocks may differ; nothing happens after the end
  const talked = last?.event === 'talking' || last?.event === 'talked'
  return {
    ...beginningOf(begin),
    ...story,
    timeline: last?.event === 'talking' ? [...story.timeline, talkEnd(last, endedAt)] : story.timeline,
    end: { cause: end?.cause ?? 'LOST', ...(end?.facts && { facts: end.facts }) },
    endedAt,
    outcome: said ?? (talked ? 'talked' : end === null || end.cause === 'SWITCH_CRASH' || end.cause === 'LOST' ? 'lost' : 'hung-up'),
  }
}

/** Legs that were dialled and of which nothing was written after that. */
export function ringingIn(lines: readonly string[]): Uuid[] {
  const entries = readEntries(lines)
  const over = new Set(entries.flatMap(entry => (entry.k === 'done' ? [entry.n] : [])))
  return dialledIn(entries.filter(entry => entry.k !== 'intent' || !over.has(entry.n)))
}

/** Every leg that was dialled, whatever became of it. */
export function dialledIn(entries: readonly Entry[]): Uuid[] {
  return entries.flatMap(entry => (entry.k === 'intent' && entry.v.startsWith('dial ') ? [parseUuid((entry.d as { uuid: string }).uuid)] : []))
}

/** What a journal says of where its call lives, and which flow it is in. */
export function beginOf(lines: readonly string[]): Begin | null {
  const [begin] = readEntries(lines.slice(0, 1))
  return begin?.k === 'begin' ? begin : null
}

function beginningOf({ at, arrival }: Begin) {
  const { uuid, path, direction, from, to, core } = arrival
  return { uuid, flow: path, direction, from, to, core, startedAt: at }
}

/** The node died in the moment in which the two were joined: the switch says that they were. */
function unwrittenTalk(entries: readonly Entry[], end: KnownEnd | null): Note[] {
  const join = entries.findLast((entry): entry is Intent => entry.k === 'intent' && entry.v === 'join')
  const partner = (join?.d as { with: string } | undefined)?.with
  if (!join || end?.bridgedTo === undefined || end.bridgedTo !== partner) return []
  const { bridgedAt = 0 } = end
  const since = bridgedAt < join.at - JOINED_WITHIN_MS ? join.at : bridgedAt
  const after = entries.slice(entries.indexOf(join) + 1)
  const promised = entries.findLast(entry => entry.k === 'note' && 'event' in entry.note && entry.note.event === 'promised') as Note | undefined
  const agent = promised && 'agent' in promised.note ? promised.note.agent : undefined
  if (after.some(entry => entry.k === 'note' && 'event' in entry.note && entry.note.event === 'talking')) return []
  return [{ k: 'note', at: since, note: { event: 'talking', ...(agent === undefined ? {} : { agent }) } }]
}

const talkEnd = ({ agent }: QueueMoment, at: number): QueueMoment => ({ at, event: 'talked', ...(agent === undefined ? {} : { agent }) })
