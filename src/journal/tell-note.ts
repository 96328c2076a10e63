/**
 * Tells the events of a call's timeline, from the notes of its journal. The node that notes one tells it. The node that
 * takes the call over, or closes it, tells all of them again to the outbox: the node before may have died before it had
 * written them. Each has the same id both times.
 */
import { CATALOGUE, type EventData, type TimelineEventName } from '../events/catalogue.ts'
import { timelineId } from '../events/envelope.ts'
import type { Events } from '../events/events.ts'
import type { NoteOf } from './entries.ts'

interface ToldNote {
  /** The call. */
  readonly uuid: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly note: NoteOf & { readonly kind: 'event' }
}

export function tellNote({ uuid, at, note: { event, data } }: ToldNote, events: Events, again = false): void {
  const told = { uuid, ...data } as unknown as EventData<TimelineEventName>
  events.tell(event, told as never, { at, id: timelineId(uuid, at, event, data), ...(again && { again }) })
}

/** The events among these notes, which another process has told. One of another version is left to that version. */
export function tellNotesAgain(
  uuid: string,
  notes: readonly { readonly at: number; readonly note: NoteOf }[],
  events: Events,
): void {
  for (const { at, note } of notes)
    if (note.kind === 'event' && Object.hasOwn(CATALOGUE, note.event) && CATALOGUE[note.event].version === note.v)
      tellNote({ uuid, at, note }, events, true)
}
