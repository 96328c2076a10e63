/**
 * What the journal of a lead's call says of the moments that the law asks for: detection, the end of the greeting, the
 * agent, the message. Any node reads the same from it. Used by campaign/leads.ts and flow/lead.ts.
 */
import type { TimedNote } from './call-events.ts'
import { readEntries } from './entries.ts'

/** Times are milliseconds since the epoch; null: it did not happen, or no note tells of it. */
export interface CallEvidence {
  readonly answeredAt: number | null
  readonly heard: 'person' | 'machine' | 'unknown' | null
  /** Why detection decided so, and how many milliseconds after it began to listen (call/verbs/detect.ts). */
  readonly heardWhy: string | null
  readonly heardMs: number | null
  /** Detection had its answer. */
  readonly detectedAt: number | null
  /** The person's greeting ended. */
  readonly greetedAt: number | null
  /** An agent was joined with the person first. Null when the person had asked for it: no time of the law runs then. */
  readonly connectedAt: number | null
  /** The flow asked for an agent, and none came in time. */
  readonly unserved: boolean
  /** The first sound after that began: the message that says who called. */
  readonly messageAt: number | null
}

export const NO_EVIDENCE: CallEvidence = {
  answeredAt: null,
  heard: null,
  heardWhy: null,
  heardMs: null,
  detectedAt: null,
  greetedAt: null,
  connectedAt: null,
  unserved: false,
  messageAt: null,
}

/** The last detection counts, and the first of everything else. */
export function evidenceIn(notes: Iterable<TimedNote>): CallEvidence {
  let found = NO_EVIDENCE
  let asked = false
  for (const { at, note } of notes) {
    if (note.kind === 'detected') {
      const { heard, why = null, ms = null, greetedAt } = note
      const as = heard === 'silence' ? 'unknown' : heard
      found = { ...found, heard: as, heardWhy: why, heardMs: ms, detectedAt: at, greetedAt }
    } else if (note.kind === 'unserved') found = { ...found, unserved: true }
    else if (note.kind === 'message') found = { ...found, messageAt: found.messageAt ?? at }
    else if (note.kind === 'asked') asked = true
    else if (note.kind === 'ended') found = { ...found, answeredAt: note.answeredAt }
    else if (note.kind === 'event' && note.event === 'call.bridged' && note.data.agent !== undefined && !asked)
      found = { ...found, connectedAt: Math.min(found.connectedAt ?? at, at) }
  }
  return found
}

/** The notes in the lines of a stored journal, with their times. */
export const timedNotesIn = (lines: readonly string[]): TimedNote[] =>
  (readEntries(lines) ?? []).flatMap(entry => (entry.k === 'note' ? [{ at: entry.at, note: entry.note }] : []))
