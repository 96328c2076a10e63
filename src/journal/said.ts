/**
 * What the flow of an attempt (of a lead, or of a callback) has noted of how it ends. A node that finds the call gone
 * settles the attempt from it. Used by campaign/leads.ts, queue/callbacks and flow/.
 */
import type { TimedNote } from './call-events.ts'
import { readEntries, type NoteOf } from './entries.ts'

export interface Said<End extends string> {
  readonly end?: End | 'talked'
  /** The agent of that end. */
  readonly agent?: string | undefined
  /** The number that wishes never to be called again. */
  readonly optOut?: string
}

/** The last note counts; a talk is one. `isEnd`: the words for an end; other words are passed over. */
export function saidIn<End extends string>(notes: Iterable<NoteOf>, isEnd: (word: unknown) => word is End): Said<End> {
  let said: Said<End> = {}
  for (const note of notes) {
    if (note.kind === 'opt-out') said = { ...said, optOut: note.number }
    else if (note.kind === 'disposition' && isEnd(note.disposition))
      said = { ...said, end: note.disposition, agent: note.agent }
    else if (note.kind === 'event' && note.event === 'call.bridged')
      said = { ...said, end: 'talked', agent: note.data.agent }
  }
  return said
}

/** The notes in the lines of a stored journal. */
export const notesIn = (lines: readonly string[]): NoteOf[] =>
  (readEntries(lines) ?? []).flatMap(entry => (entry.k === 'note' ? [entry.note] : []))

/** The disposition that the flow has noted last; null: none. */
export function dispositionIn(notes: readonly TimedNote[]): string | null {
  const last = notes.findLast(({ note }) => note.kind === 'disposition')?.note
  return last?.kind === 'disposition' ? last.disposition : null
}
