/**
 * The entries of a journal: one line of JSON for each step or event of a flow, in the order of completion. Journal
 * writes them, Replay and the records read them. The keys are stored and must not change.
 */
import type { Arrival } from './arrival.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** The first entry of every journal: the first arrival of the call, which identifies it. */
export interface Begin {
  readonly k: 'begin'
  /** Milliseconds since the epoch, here and below. */
  readonly at: number
  readonly arrival: Arrival
}

/** Written before an effect, with the uuids that the effect will use. */
export interface Intent {
  readonly k: 'intent'
  /** The number of the step, in the order of calls: '5', or '5.2' for the second step within the fifth. */
  readonly n: string
  readonly v: string
  readonly at: number
  readonly d: Json
}

/** A step has completed. */
export interface Done {
  readonly k: 'done'
  readonly n: string
  /** The verb and its argument in short; a script that calls another verb here has changed. */
  readonly v: string
  readonly at: number
  readonly r?: Json | undefined
  /** The failure, when the step failed. */
  readonly x?: Failure
  /** The values that a flow could read at once in this moment, such as the position in a queue. */
  readonly s?: Readonly<Record<string, Json>>
}

export interface Failure {
  readonly name: string
  readonly code?: string | undefined
  readonly message: string
}

/** A fact for the record of the call, or the result of a campaign call. */
export interface Note {
  readonly k: 'note'
  readonly at: number
  readonly note: NoteOf
}

export type NoteOf =
  /** A moment of the call: moments.ts. */
  | {
      readonly event: string
      readonly queue?: string
      readonly agent?: string
      readonly leg?: string
      readonly to?: string
      readonly why?: string
    }
  | { readonly tag: readonly [name: string, value: string] }
  | { readonly recording: string }
  /** How the call ended: written when its row could not be written, for the node that writes the row later. */
  | { readonly ended: EndNote }
  /**
   * The disposition of a campaign call: written before PostgreSQL, because PostgreSQL may be down and this process may
   * die. The last one counts.
   */
  | { readonly disposition: string; readonly agent?: string }
  /** This number opts out of further calls; written first for the same reason. */
  | { readonly optOut: string }
  /** The flow has returned, with this outcome; null: it returned none. */
  | { readonly returned: string | null }
  /** The flow hangs the call up. */
  | { readonly hungUp: 'flow' }

export interface EndNote {
  /** Milliseconds since the epoch, here and below. */
  readonly at: number
  readonly answeredAt: number | null
  readonly cause: string
  readonly hungUpBy: string | null
}

/** A key press that was delivered to a listener of the flow; `n` is the step that registered the listener. */
export interface Key {
  readonly k: 'key'
  readonly n: string
  readonly at: number
  readonly digit: string
}

export type Entry = Begin | Intent | Done | Note | Key

export const readEntry = (line: string): Entry => JSON.parse(line) as Entry
export const lineOf = (entry: Entry): string => JSON.stringify(entry)

/**
 * Parses the lines of a journal, up to the first line that is not JSON. A write that counted as lost and was repeated
 * may stand in the journal twice: each entry counts once, at its first position. Two different entries are never the
 * same line, because each has its time and its step.
 */
export function readEntries(lines: readonly string[]): Entry[] {
  const entries: Entry[] = []
  try {
    for (const line of new Set(lines)) entries.push(readEntry(line))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return entries
}
