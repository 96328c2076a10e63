/**
 * The timeline and the durations in a call's record, computed from the notes in its journal. Used by call-record.ts and
 * flow/run.ts.
 */
import type { NoteOf } from '../journal/entries.ts'
import type { Moment } from '../journal/moments.ts'
import type { CallWay } from '../store/calls.ts'

export type TimedNote = { readonly at: number; readonly note: NoteOf }

export interface CallSummary extends CallWay {
  /** The moments of the call (journal/moments.ts), oldest first; of more than 500, the first 100 and the last 400. */
  readonly timeline: readonly Moment[]
  /** When this leg was answered, milliseconds since the epoch; null: not yet, or unknown. */
  readonly answeredAt: number | null
  /** The agent who talked with the caller last; null: none. */
  readonly agent: string | null
  readonly tags: ReadonlyMap<string, string>
}

const FIRST = 100
const MOST = 500

/**
 * `now`: a span that has not ended lasts until then, milliseconds since the epoch. With `over`, a talk that has not
 * ended ends at `now`.
 */
export function summaryOf(notes: readonly TimedNote[], now: number, over = false): CallSummary {
  const timeline = momentsOf(notes)
  if (over) timeline.push(...openTalks(timeline, now))
  const talks = timeline.filter(({ event }) => event === 'talking')
  const dialled = timeline.filter(({ event }) => event === 'dialled')
  const waits = spans(timeline, now, 'entered', ['talking', 'left', 'callback', 'transferred'], () => '')
  const rings = spans(timeline, now, 'dialled', ['answered', 'missed', 'talking'], legOf)
  const held = spans(timeline, now, 'held', ['resumed', 'talked'], legOf)
  const talk = total(spans(timeline, now, 'talking', ['talked'], legOf))
  return {
    timeline: timeline.length > MOST ? [...timeline.slice(0, FIRST), ...timeline.slice(FIRST - MOST)] : timeline,
    answeredAt: timeline.find(({ event, leg }) => event === 'answered' && leg === undefined)?.at ?? null,
    agent: talks.at(-1)?.agent ?? null,
    otherLeg: (talks.at(-1) ?? dialled.at(-1))?.leg ?? null,
    queue: timeline.findLast(({ event }) => event === 'entered')?.queue ?? null,
    gateway: dialled.map(({ to }) => gatewayOf(to)).findLast(name => name !== null) ?? null,
    waitMs: total(waits),
    ringMs: total(rings),
    talkMs: talk,
    holdMs: talk === null ? null : (total(held) ?? 0),
    tags: new Map(notes.flatMap(({ note }) => ('tag' in note ? [note.tag] : []))),
    recording: notes.flatMap(({ note }) => ('recording' in note ? [note.recording] : [])).at(-1) ?? null,
  }
}

/** Does the caller wait in this queue, by these notes? */
export function waitsIn(notes: readonly TimedNote[], queue: string): boolean {
  const last = momentsOf(notes).findLast(({ event }) => WAITING.has(event))
  return last?.event === 'entered' && last.queue === queue
}
const WAITING = new Set(['entered', 'talking', 'left', 'callback'])

/** 'carrier' of 'sofia/gateway/carrier/+4930123'. */
const gatewayOf = (to: string | undefined): string | null => /^sofia\/gateway\/([^/]+)\//.exec(to ?? '')?.[1] ?? null

const momentsOf = (notes: readonly TimedNote[]): Moment[] =>
  notes.flatMap(({ at, note }) => ('event' in note ? [{ at, ...note } as Moment] : []))
const legOf = ({ leg, agent }: Moment): string => leg ?? agent ?? ''

/** The missing ends of talks that have not ended. */
function openTalks(timeline: readonly Moment[], at: number): Moment[] {
  const open = new Map<string, Moment>()
  for (const moment of timeline) {
    if (moment.event === 'talking') open.set(legOf(moment), moment)
    else if (moment.event === 'talked') open.delete(legOf(moment))
  }
  return [...open.values()].map(({ agent, leg }) => ({
    at,
    event: 'talked',
    ...(agent !== undefined && { agent }),
    ...(leg !== undefined && { leg }),
  }))
}

/** How long each span lasted, from its first `from` to the next of `to` with the same key, milliseconds. */
function spans(
  timeline: readonly Moment[],
  now: number,
  from: Moment['event'],
  to: readonly Moment['event'][],
  keyOf: (moment: Moment) => string,
): number[] {
  const open = new Map<string, number>()
  const lasted: number[] = []
  for (const moment of timeline) {
    const key = keyOf(moment)
    const since = open.get(key)
    if (moment.event === from) {
      if (since === undefined) open.set(key, moment.at)
    } else if (since !== undefined && to.includes(moment.event)) {
      lasted.push(Math.max(0, moment.at - since))
      open.delete(key)
    }
  }
  for (const since of open.values()) lasted.push(Math.max(0, now - since))
  return lasted
}

const total = (lasted: readonly number[]): number | null =>
  lasted.length === 0 ? null : lasted.reduce((sum, one) => sum + one, 0)
