/**
 * The events of a call's timeline that its journal holds. The record of the call shows them, and every figure in it
 * (wait, ring, talk, hold) is computed from them. They are notes, so the record is the same whichever node makes it
 * (record/call-record.ts). The catalogue is in src/events/.
 */
import type { TimelineData, TimelineEventName } from '../events/catalogue.ts'
import type { TimelineEvent, TimelineFields } from '../events/timeline.ts'
import type { NoteOf } from './entries.ts'
import type { Journal, NoteOptions } from './journal.ts'

export interface TimedNote {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly note: NoteOf
}

/** The events among these notes, in the order in which they happened: one that a takeover has found is noted later. */
export function eventsIn(notes: readonly TimedNote[]): TimelineEvent[] {
  const found: TimelineEvent[] = []
  for (const { at, note } of notes)
    if (note.kind === 'event') found.push({ at, event: note.event, v: note.v, ...note.data })
  return found.sort((a, b) => a.at - b.at)
}

/**
 * Tells an event, unless it is the last one of its leg: a step that is recovered reports its event again. True: it was
 * told.
 */
export function tellOnce<N extends TimelineEventName>(
  journal: Journal,
  event: N,
  data: TimelineData<N>,
  when: NoteOptions = {},
): boolean {
  const { leg }: TimelineFields = data
  if (lastEvent(journal, leg)?.event === event) return false
  journal.tell(event, data, when)
  return true
}

/**
 * For an event that FreeSWITCH has caused: when it happened, by its clock, and not before what is known of the leg.
 * `at`: milliseconds since the epoch; undefined or -Infinity: now.
 */
export function happenedAt(journal: Journal, leg: string | undefined, at: number = -Infinity): NoteOptions {
  return at === -Infinity ? {} : { at: Math.max(at, lastEvent(journal, leg)?.at ?? at) }
}

/** The last event of this leg (undefined: of the call itself). */
export function lastEvent(journal: Journal, leg: string | undefined): TimelineEvent | undefined {
  const found = journal.notes.findLast(({ note }) => note.kind === 'event' && note.data.leg === leg)
  return found && eventsIn([found])[0]
}

/**
 * Since when a caller waits in this queue, milliseconds since the epoch; the time in removed queues before it counts.
 * Undefined: the caller did not enter it.
 */
export function joinedAt(timeline: readonly TimelineEvent[], queue: string): number | undefined {
  let joined: number | undefined
  let from: string | undefined = queue
  for (const { at, event, queue: entered, movedFrom } of timeline.toReversed()) {
    if (event !== 'queue.call.entered' || entered !== from) continue
    joined = at
    from = movedFrom
  }
  return joined
}
