/**
 * The record of a call. One function (recordOf) makes it, for the node whose flow ran to its end (flow/run.ts) and for
 * a node that finds the call ended and reads its journal (record-from-journal.ts). All columns: docs/records.md.
 */
import type { TimelineEventName } from '../events/catalogue.ts'
import type { Arrival } from '../journal/arrival.ts'
import { type Begin, beginOf } from '../journal/entries.ts'
import type { LegEnd } from '../call/leg-end.ts'
import { TRANSFERRED } from '../call/verbs/transfer.ts'
import { eventsIn, type TimedNote } from '../journal/call-events.ts'
import { millis } from '../switch/switch-time.ts'
import type { CallSegment } from '../store/call-segments.ts'
import { segmentsOf, type CallOver } from './call-segments.ts'
import { summaryOf, type CallSummary } from './call-summary.ts'

/** The part of a record that is known when the call begins. */
export interface CallBeginning {
  readonly uuid: string
  readonly flow: string
  readonly direction: 'in' | 'out'
  readonly from: string
  readonly to: string
  readonly core: string
  /** When the leg was created (so before it rang), milliseconds since the epoch. */
  readonly startedAt: number
  /** When it came to the listener, milliseconds since the epoch: of two calls of one channel each has its own. */
  readonly begunAt: number
  /** The number of the person served: the caller, the lead, or the customer whom an agent dialled by click-to-dial. */
  readonly customer?: string | null
}

/** The record of a live call. */
export interface LiveCall extends CallBeginning, CallSummary {
  readonly segments: readonly CallSegment[]
}

/**
 * The outcomes that Switchhook gives a call whose flow returned none:
 *
 *   talked       the caller talked with somebody, whoever hung up (`agent`: with whom)
 *   callback     the caller is to be called back
 *   transferred  the flow transferred the call to another extension of the dialplan
 *   abandoned    the caller hung up in a queue (`waitMs`: after how long) and had talked with nobody
 *   hung-up      the caller hung up before any queue, or after leaving it
 *   done         the flow ended, and none of these had happened
 *   overflow     the node was full: the call went to the overflow, no flow ran
 *   no-attempt   the call reached a campaign's flow and is not an open attempt of a campaign
 *   error        the flow failed
 *   lost         FreeSWITCH crashed with the call, or it is unknown how the call ended
 *
 * A call that was dialled and not answered has the outcome of the dial: busy, no-answer, declined, invalid, cancelled,
 * failed, refused.
 */
type StandardOutcome =
  | 'talked'
  | 'callback'
  | 'transferred'
  | 'abandoned'
  | 'hung-up'
  | 'done'
  | 'overflow'
  | 'no-attempt'
  | 'error'
  | 'lost'

/**
 * 'other': the other party of the talk, not an agent; 'flow': the script; 'switch': a limit of FreeSWITCH, a dead line,
 * an operator.
 */
type HungUpBy = 'customer' | 'agent' | 'other' | 'flow' | 'switch'

export interface CallRecord extends LiveCall {
  readonly end: LegEnd
  readonly endedAt: number
  /** The string that the flow returned, or a campaign's disposition; else one of StandardOutcome. */
  readonly outcome: string
  /** Null: the call goes on elsewhere, it was never answered, or it is unknown. */
  readonly hungUpBy: HungUpBy | null
  /** The dead node that had the call; absent: its own node made this record. */
  readonly fromNode?: string
}

/** The store of records. `ended` and `later` may be called twice for one call. */
export interface CallRecords {
  /**
   * Writes the record of a live call behind the call: returns at once, and calls `look` when it writes. Absent where no
   * one reads the records of live calls.
   */
  lives?(uuid: string, look: () => LiveCall): void
  /** The call has moved to another node, which writes its record from now on. */
  moved?(uuid: string): void
  /** Closes the record. Rejects when it cannot be written now. The first end of a call counts. */
  ended(call: CallRecord): Promise<void>
  /**
   * Closes the record when the store is back, however long that takes. Rejects when the store refuses it, has no room,
   * or closes.
   */
  later?(call: CallRecord): Promise<void>
}

export function beginningOf({ at, arrival }: Begin): CallBeginning {
  const { uuid, path, direction, from, to, core, age = 0, customer } = arrival
  return {
    uuid,
    flow: path,
    direction,
    from,
    to: customer ?? to,
    core,
    startedAt: at - age,
    begunAt: at,
    customer: customer ?? (from || null),
  }
}

export function liveCall(begin: Begin, notes: readonly TimedNote[], now: number): LiveCall {
  const beginning = beginningOf(begin)
  return { ...beginning, ...withArrival(begin, summaryOf(notes, now)), segments: segmentsIn(begin, notes, null) }
}

/** `at`: when the call ended, milliseconds since the epoch, for an `end` in which FreeSWITCH gives no time. */
export function recordOf(begin: Begin, notes: readonly TimedNote[], end: LegEnd, at: number): CallRecord {
  const beginning = beginningOf(begin)
  const known = notes.flatMap(({ note }) => (note.kind === 'ended' ? note : [])).at(-1)
  if (known) {
    // noted by the node that received the end and could not write the record
    const summary = withArrival(begin, summaryOf(notes, known.at, true))
    const { at: endedAt, cause, answeredAt } = known
    const hungUp = known.hungUpBy as HungUpBy | null
    return {
      ...beginning,
      ...summary,
      answeredAt,
      end: { cause },
      endedAt,
      outcome: outcomeOf(notes, summary, { cause }),
      hungUpBy: hungUp,
      segments: segmentsIn(begin, notes, overAt(endedAt, hungUp, cause)),
    }
  }
  const { answered, hungUp } = timesIn(end, beginning.startedAt)
  // nothing happens after the end, also when a busy node told it later; only the crash of a FreeSWITCH is noticed later
  // than its calls' last events
  const events = notes.filter(({ note }) => note.kind === 'event').map(note => note.at)
  const told = end.at ?? hungUp
  const endedAt =
    end.cause === 'SWITCH_CRASH' ? at : told === null ? Math.max(at, ...events) : Math.max(told, beginning.startedAt)
  const before = notes.map(noted => ({ ...noted, at: Math.min(noted.at, endedAt) }))
  const summary = withArrival(begin, summaryOf(before, endedAt, true))
  const answeredAt = answered ?? summary.answeredAt
  const by = hungUpBy(begin, notes, summary, end)
  // not two spreads: they cost 12 µs, a fiftieth of the work of a whole call
  return Object.assign(beginning, summary, {
    answeredAt,
    end,
    endedAt,
    outcome: outcomeOf(notes, summary, end),
    hungUpBy: by,
    segments: segmentsIn(begin, before, overAt(endedAt, by, end.cause)),
  })
}

/** The record of a call that the full node sent to the overflow before a flow began. */
export function shedRecord(arrival: Arrival, now: number): CallRecord {
  const word = 'overflow' satisfies StandardOutcome
  return recordOf(
    beginOf(now, arrival),
    [{ at: now, note: { kind: 'returned', outcome: word } }],
    { cause: TRANSFERRED },
    now,
  )
}

/**
 * Adds what happened before the call came to the listener. A call that was dialled for an agent is that agent's from
 * its first ring; an outbound call has rung and was answered by then.
 */
function withArrival({ at, arrival }: Begin, summary: CallSummary): CallSummary {
  const { agent = summary.agent, answeredFor, age = 0, direction } = arrival
  if (answeredFor === undefined) return { ...summary, agent }
  return {
    ...summary,
    agent,
    answeredAt: at - answeredFor,
    ringMs: direction === 'out' ? age - answeredFor + (summary.ringMs ?? 0) : summary.ringMs,
  }
}

function segmentsIn(begin: Begin, notes: readonly TimedNote[], over: CallOver | null): readonly CallSegment[] {
  const { at, arrival } = begin
  const { agent = null, answeredFor, age = 0, direction } = arrival
  const rang = direction === 'out' && answeredFor !== undefined ? { since: at - age, until: at - answeredFor } : null
  return segmentsOf(eventsIn(notes), { agent, customer: beginningOf(begin).customer ?? null, rang }, over)
}

const overAt = (at: number, by: HungUpBy | null, cause: string): CallOver => ({
  at,
  gaveUp: isGivenUp(by, cause),
  isLost: cause === 'SWITCH_CRASH' || cause === 'LOST',
})

/** With these causes the call ended, and the caller did not give up. */
const NOT_GIVEN_UP = ['SWITCH_CRASH', 'LOST', TRANSFERRED]

/** True when the caller hung up: a caller who waits then has abandoned. */
export const isGivenUp = (by: HungUpBy | null, cause: string): boolean => by !== 'flow' && !NOT_GIVEN_UP.includes(cause)

/** The times in FreeSWITCH's last event, as differences: its clock differs from that of the nodes. */
function timesIn({ facts }: LegEnd, startedAt: number): { answered: number | null; hungUp: number | null } {
  if (facts === undefined) return { answered: null, hungUp: null }
  const [created, answered, hungUp] = ['Created', 'Answered', 'Hangup'].map(name =>
    millis(facts.get(`Caller-Channel-${name}-Time`)),
  ) as [number, number, number]
  return { answered: after(created, answered, startedAt), hungUp: after(created, hungUp, startedAt) }
}

/** FreeSWITCH writes 0 for what has not happened. */
const after = (created: number, then: number, startedAt: number) =>
  created > 0 && then >= created ? startedAt + then - created : null

const saidIn = (notes: readonly TimedNote[]): string | null =>
  notes
    .flatMap(({ note }) =>
      note.kind === 'returned' ? (note.outcome ?? []) : note.kind === 'disposition' ? note.disposition : [],
    )
    .at(-1) ?? null

function outcomeOf(notes: readonly TimedNote[], { timeline, talkMs }: CallSummary, { cause }: LegEnd): string {
  const own = saidIn(notes)
  if (own !== null) return own
  const last = timeline.findLast(({ event }) => PLACES.includes(event))?.event
  const word: StandardOutcome =
    talkMs !== null
      ? 'talked'
      : last === 'queue.call.callback_requested'
        ? 'callback'
        : last === 'call.transferred'
          ? 'transferred'
          : cause === 'SWITCH_CRASH' || cause === 'LOST'
            ? 'lost'
            : notes.some(({ note }) => note.kind === 'returned')
              ? 'done'
              : last === 'queue.call.entered'
                ? 'abandoned'
                : 'hung-up'
  return word
}
const PLACES: readonly TimelineEventName[] = [
  'queue.call.entered',
  'queue.call.left',
  'queue.call.callback_requested',
  'call.transferred',
]

/** Causes with which FreeSWITCH itself ends a call: its limits, a line without media, its operator, its own end. */
const BY_SWITCH = new Set([
  'SWITCH_CRASH',
  'MEDIA_TIMEOUT',
  'ALLOTTED_TIMEOUT',
  'MANAGER_REQUEST',
  'SYSTEM_SHUTDOWN',
  'RECOVERY_ON_TIMER_EXPIRE',
])

function hungUpBy(
  { arrival }: Begin,
  notes: readonly TimedNote[],
  { timeline }: CallSummary,
  { cause, facts }: LegEnd,
): HungUpBy | null {
  if (cause === 'LOST' || cause === TRANSFERRED) return null
  const person = arrival.agent === undefined ? 'customer' : 'agent'
  const byFlow = notes.some(({ note }) => note.kind === 'hung-up' || note.kind === 'returned')
  if (!byFlow) {
    // send_bye: FreeSWITCH sent the BYE, the far end did not
    const sent = facts?.variable('sip_hangup_disposition')?.startsWith('send_') ?? false
    return BY_SWITCH.has(cause) || sent ? 'switch' : person
  }
  const last = timeline.findLast(({ event }) => event !== 'call.recording.started')
  if (last?.event !== 'call.unbridged') return 'flow'
  return person === 'agent' ? 'customer' : last.agent === undefined ? 'other' : 'agent'
}
