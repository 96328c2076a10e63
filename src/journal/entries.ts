/** What a journal consists of: one line of JSON for each thing that happened in a flow, in the order in which it was completed. */
import type { Arrival } from './arrival.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** The first entry of every journal: what identifies a call, frozen at its first arrival. */
export interface Begin {
  readonly k: 'begin'
  /** Milliseconds since the epoch, here and below. */
  readonly at: number
  readonly arrival: Arrival
}

/** Written before an effect, with the uuids it will use. */
export interface Intent {
  readonly k: 'intent'
  /** The step, by the order in which steps are called: '5', or '5.2' for the second one within the fifth. */
  readonly n: string
  readonly v: string
  readonly at: number
  readonly d: Json
}

/** A step is over. */
export interface Done {
  readonly k: 'done'
  readonly n: string
  /** The verb and what it was asked for; a script that says something else here has changed. */
  readonly v: string
  readonly at: number
  readonly r?: Json | undefined
  /** It failed. */
  readonly x?: Failure
  /** What the house would have answered at once in this moment: a position in a queue, and the like. */
  readonly s?: Readonly<Record<string, Json>>
}

export interface Failure {
  readonly name: string
  readonly code?: string | undefined
  readonly message: string
}

/** What the record of the call will say, and what becomes of the person whom a campaign called. */
export interface Note {
  readonly k: 'note'
  readonly at: number
  readonly note: NoteOf
}

export type NoteOf =
  /** A moment of its way: moments.ts. */
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
  /** How the call ended: written when its row could not be, for whoever writes that later. */
  | { readonly ended: EndNote }
  /** What the campaign's flow came to: written before the database is told, for that may be away, and this process die. The last one counts. */
  | { readonly disposition: string; readonly agent?: string }
  /** This number wants no more calls; likewise. */
  | { readonly optOut: string }
  /** The flow is through, and this is its own word for what came of the call; null: it said none. */
  | { readonly returned: string | null }
  /** The flow hangs the call up. */
  | { readonly hungUp: 'flow' }

export interface EndNote {
  /** Milliseconds since the epoch, both. */
  readonly at: number
  readonly answeredAt: number | null
  readonly cause: string
  readonly hungUpBy: string | null
}

/** A key that a listener of the flow (the n-th thing it asked for) was told. */
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
 * A journal that was read, as far as it can be. A write that counted as lost, was done again and happened all the same stands in it
 * twice: each entry counts once, where it stands first. Two different entries are never the same line: each names its moment and its step.
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
