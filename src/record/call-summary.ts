/**
 * The timeline and the durations in a call's record, computed from the notes in its journal. Used by call-record.ts and
 * flow/run.ts.
 */
import { gatewayOf } from '../esl/safe-text.ts'
import { CATALOGUE, type TimelineEventName } from '../events/catalogue.ts'
import type { TimelineEvent } from '../events/timeline.ts'
import { eventsIn, joinedAt, type TimedNote } from '../journal/call-events.ts'
import type { CallWay } from '../store/calls.ts'

export interface CallSummary extends CallWay {
  /** The events of the call, oldest first; of more than 500, the first 100 and the last 400. */
  readonly timeline: readonly TimelineEvent[]
  /** When this leg was answered, milliseconds since the epoch; null: not yet, or unknown. */
  readonly answeredAt: number | null
  /** The agent who talked with the caller last; null: none. */
  readonly agent: string | null
  readonly tags: ReadonlyMap<string, string>
}

const WAIT_ENDS: readonly TimelineEventName[] = [
  'call.bridged',
  'queue.call.left',
  'queue.call.callback_requested',
  'call.transferred',
  'call.redirected',
]
const RING_ENDS: readonly TimelineEventName[] = ['call.party.answered', 'call.party.missed', 'call.bridged']
const FIRST = 100
const MOST = 500

/**
 * `now`: a span that has not ended lasts until then, milliseconds since the epoch. With `over`, a talk that has not
 * ended ends at `now`.
 */
export function summaryOf(notes: readonly TimedNote[], now: number, over = false): CallSummary {
  const timeline = eventsIn(notes)
  if (over) timeline.push(...openTalks(timeline, now))
  const talks = timeline.filter(({ event }) => event === 'call.bridged')
  const dialled = timeline.filter(({ event }) => event === 'call.party.dialled')
  const waits = spans(timeline, now, 'queue.call.entered', WAIT_ENDS, () => '')
  const rings = spans(timeline, now, 'call.party.dialled', RING_ENDS, legOf)
  const held = spans(timeline, now, 'call.held', ['call.resumed', 'call.unbridged'], legOf)
  const talk = total(spans(timeline, now, 'call.bridged', ['call.unbridged'], legOf))
  return {
    timeline: timeline.length > MOST ? [...timeline.slice(0, FIRST), ...timeline.slice(FIRST - MOST)] : timeline,
    answeredAt: timeline.find(({ event }) => event === 'call.answered')?.at ?? null,
    agent: talks.at(-1)?.agent ?? null,
    otherLeg: (talks.at(-1) ?? dialled.at(-1))?.leg ?? null,
    queue: timeline.findLast(({ event }) => event === 'queue.call.entered')?.queue ?? null,
    gateway: dialled.map(({ to }) => gatewayOf(to ?? '')).findLast(name => name !== null) ?? null,
    waitMs: total(waits),
    ringMs: total(rings),
    talkMs: talk,
    holdMs: talk === null ? null : (total(held) ?? 0),
    tags: new Map(notes.flatMap(({ note }) => (note.kind === 'tag' ? [[note.name, note.value] as const] : []))),
    recording: timeline.findLast(({ event }) => event === 'call.recording.started')?.path ?? null,
  }
}

/** The queue in which the caller waits by these events, and since when, as joinedAt; null: in none. */
export function waitOf(timeline: readonly TimelineEvent[]): { readonly queue: string; readonly since: number } | null {
  const last = timeline.findLast(({ event }) => event === 'queue.call.entered' || WAIT_ENDS.includes(event))
  if (last?.event !== 'queue.call.entered' || last.queue === undefined) return null
  return { queue: last.queue, since: joinedAt(timeline, last.queue) ?? last.at }
}

const legOf = ({ leg, agent }: TimelineEvent): string => leg ?? agent ?? ''

/** The missing ends of talks that have not ended. */
function openTalks(timeline: readonly TimelineEvent[], at: number): TimelineEvent[] {
  const open = new Map<string, TimelineEvent>()
  for (const one of timeline) {
    if (one.event === 'call.bridged') open.set(legOf(one), one)
    else if (one.event === 'call.unbridged') open.delete(legOf(one))
  }
  return [...open.values()].map(({ agent, leg }) => ({
    at,
    event: 'call.unbridged',
    v: CATALOGUE['call.unbridged'].version,
    ...(agent !== undefined && { agent }),
    ...(leg !== undefined && { leg }),
  }))
}

/** How long each span lasted, from its first `from` to the next of `to` with the same key, milliseconds. */
function spans(
  timeline: readonly TimelineEvent[],
  now: number,
  from: TimelineEventName,
  to: readonly TimelineEventName[],
  keyOf: (event: TimelineEvent) => string,
): number[] {
  const open = new Map<string, number>()
  const lasted: number[] = []
  for (const one of timeline) {
    const key = keyOf(one)
    const since = open.get(key)
    if (one.event === from) {
      if (since === undefined) open.set(key, one.at)
    } else if (since !== undefined && to.includes(one.event)) {
      lasted.push(Math.max(0, one.at - since))
      open.delete(key)
    }
  }
  for (const since of open.values()) lasted.push(Math.max(0, now - since))
  return lasted
}

const total = (lasted: readonly number[]): number | null =>
  lasted.length === 0 ? null : lasted.reduce((sum, one) => sum + one, 0)
