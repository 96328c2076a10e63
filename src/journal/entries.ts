/**
 * The entries of a journal: one line of JSON for each step or event of a flow, in the order of completion. Journal
 * writes them, Replay and the records read them. The keys are stored and must not change.
 */
import { z } from 'zod'
import type { TimelineEventName } from '../events/catalogue.ts'
import { timelineSchema, type TimelineFields } from '../events/timeline.ts'
import type { Arrival } from './arrival.ts'
import { upgraded } from './former-entries.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** The first entry of every journal: the first arrival of the call, which identifies it. */
export interface Begin {
  readonly k: 'begin'
  /** The version of the whole journal (JOURNAL_VERSION when it was written). Absent: 1. */
  readonly v?: number | undefined
  /** Milliseconds since the epoch, here and below. */
  readonly at: number
  readonly arrival: Arrival
}

/** What a step does, and with what. Another verb or argument at the same step means that the script has changed. */
export interface Act {
  readonly verb: string
  /** Absent: none. */
  readonly args?: readonly string[] | undefined
}

/** For people: 'play ivr/welcome'. */
export const wordsOf = ({ verb, args = [] }: Act): string => [verb, ...args].join(' ')

/** Written before an effect, with the uuids that the effect will use. */
export interface Intent extends Act {
  readonly k: 'intent'
  /** The number of the step, in the order of calls: '5', or '5.2' for the second step within the fifth. */
  readonly n: string
  readonly at: number
  readonly d: Json
}

/** A step has completed. */
export interface Done extends Act {
  readonly k: 'done'
  readonly n: string
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
  /** An event of the call's timeline, in the words of the catalogue (src/events/). `v`: the version of the event. */
  | {
      readonly kind: 'event'
      readonly event: TimelineEventName
      readonly v: number
      /** All that the event tells, except the call. */
      readonly data: TimelineFields
    }
  /** A value that the flow put into the record. */
  | { readonly kind: 'tag'; readonly name: string; readonly value: string }
  | EndNote
  /**
   * The disposition of a campaign call: written before PostgreSQL, because PostgreSQL may be down and this process may
   * die. The last one counts.
   */
  | { readonly kind: 'disposition'; readonly disposition: string; readonly agent?: string }
  /** This number opts out of further calls; written first for the same reason. */
  | { readonly kind: 'opt-out'; readonly number: string }
  /**
   * Detection had its answer. `greetedAt`: when the person's greeting ended, milliseconds since the epoch. `why`, and
   * `ms` after it began to listen: as in call/verbs/detect.ts; an older version does not write them.
   */
  | {
      readonly kind: 'detected'
      readonly heard: 'person' | 'machine' | 'silence'
      readonly greetedAt: number | null
      readonly why?: string | undefined
      readonly ms?: number | null | undefined
    }
  /** No agent was free in time for a lead who answered. */
  | { readonly kind: 'unserved' }
  /** The first sound after that began. */
  | { readonly kind: 'message' }
  /** The lead has heard the message, and asked for an agent by a key. */
  | { readonly kind: 'asked' }
  /** The flow has returned, with this outcome; null: it returned none. */
  | { readonly kind: 'returned'; readonly outcome: string | null }
  /** The flow hangs the call up. */
  | { readonly kind: 'hung-up' }
  /** From now on the call is in this flow, with these values of its needs. The last one counts. */
  | { readonly kind: 'flow'; readonly flow: string; readonly params: Readonly<Record<string, string>> }

/** How the call ended: written when its row could not be written, for the node that writes the row later. */
interface EndNote {
  readonly kind: 'ended'
  /** Milliseconds since the epoch, here and below. */
  readonly at: number
  readonly answeredAt: number | null
  readonly cause: string
  readonly hungUpBy: string | null
}

/** A key press that was delivered to a listener of the flow; `n` is the step that registered the listener. */
interface Key {
  readonly k: 'key'
  readonly n: string
  readonly at: number
  readonly digit: string
}

export type Entry = Begin | Intent | Done | Note | Key

/**
 * The first entry of the journal of a call that arrives now. The key of the listener is a secret and stays out of it.
 */
export const beginOf = (at: number, arrival: Arrival): Begin => ({
  k: 'begin',
  v: JOURNAL_VERSION,
  at,
  arrival: { ...arrival, key: '' },
})

/** An entry that this process wrote a moment ago: its form is known. */
export const readOwnEntry = (line: string): Entry => JSON.parse(line) as Entry

export const lineOf = (entry: Entry): string => JSON.stringify(entry)

/** The version that this code writes, in the first entry of a journal. The versions: former-entries.ts. */
const JOURNAL_VERSION = 3

const nullableText = z.string().nullable()
const NoteSchema = z.discriminatedUnion('kind', [
  z
    .looseObject({ kind: z.literal('event'), event: z.string(), v: z.int(), data: z.looseObject({}) })
    .refine(({ event, v, data }) => timelineSchema(event, v)?.safeParse(data).success ?? true),
  z.looseObject({ kind: z.literal('tag'), name: z.string(), value: z.string() }),
  z.looseObject({
    kind: z.literal('ended'),
    at: z.number(),
    answeredAt: z.number().nullable(),
    cause: z.string(),
    hungUpBy: nullableText,
  }),
  z.looseObject({ kind: z.literal('disposition'), disposition: z.string(), agent: z.string().optional() }),
  z.looseObject({ kind: z.literal('opt-out'), number: z.string() }),
  z.looseObject({
    kind: z.literal('detected'),
    heard: z.enum(['person', 'machine', 'silence']),
    greetedAt: z.number().nullable(),
    why: z.string().optional(),
    ms: z.number().nullable().optional(),
  }),
  z.looseObject({ kind: z.literal('unserved') }),
  z.looseObject({ kind: z.literal('message') }),
  z.looseObject({ kind: z.literal('asked') }),
  z.looseObject({ kind: z.literal('returned'), outcome: nullableText }),
  z.looseObject({ kind: z.literal('hung-up') }),
  z.looseObject({ kind: z.literal('flow'), flow: z.string(), params: z.record(z.string(), z.string()) }),
])
const KINDS: readonly string[] = NoteSchema.options.map(({ shape }) => shape.kind.value)
/** A fact that this version does not know: it is carried along, and changes nothing. */
const OtherNoteSchema = z.looseObject({ kind: z.string().refine(kind => !KINDS.includes(kind)) })

const step = { n: z.string(), at: z.number(), verb: z.string(), args: z.array(z.string()).optional() }
const EntrySchema = z.discriminatedUnion('k', [
  z.looseObject({
    k: z.literal('begin'),
    v: z.int().min(1).max(JOURNAL_VERSION).optional(),
    at: z.number(),
    arrival: z.looseObject({ uuid: z.string(), path: z.string(), direction: z.enum(['in', 'out']), core: z.string() }),
  }),
  z.looseObject({ k: z.literal('intent'), ...step, d: z.unknown() }),
  z.looseObject({ k: z.literal('done'), ...step }),
  z.looseObject({ k: z.literal('note'), at: z.number(), note: z.union([NoteSchema, OtherNoteSchema]) }),
  z.looseObject({ k: z.literal('key'), n: z.string(), at: z.number(), digit: z.string() }),
])

/** One entry. Throws SyntaxError for what is not JSON, and ZodError for what this version does not know. */
export const readEntry = (line: string): Entry => EntrySchema.parse(upgraded(JSON.parse(line))) as unknown as Entry

/**
 * The entries of a journal. A write that counted as lost and was repeated may stand in it twice: each entry counts
 * once, at its first position. Two different entries are never the same line, because each has its time and its step. A
 * last line that is not whole is left out. Null: a newer version wrote the journal, or it is damaged; this node can
 * neither go on with the call nor write its record.
 */
export function readEntries(lines: readonly string[]): Entry[] | null {
  const entries: Entry[] = []
  try {
    for (const line of new Set(lines)) entries.push(readEntry(line))
  } catch (error) {
    if (error instanceof z.ZodError) return null
    if (!(error instanceof SyntaxError)) throw error
  }
  return entries
}
