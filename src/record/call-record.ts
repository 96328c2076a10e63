/**
 * What remains of a call. One function makes the record, whoever asks for it: the node whose flow ran to its end (run.ts) and a node that
 * finds the call ended and has its journal (record-from-journal.ts). All columns: docs/records.md.
 */
import type { Arrival } from '../journal/arrival.ts'
import type { Begin } from '../journal/entries.ts'
import type { LegEnd } from '../call/leg-end.ts'
import { TRANSFERRED } from '../call/verbs/transfer.ts'
import { summaryOf, type TimedNote, type CallSummary } from './call-summary.ts'

/** What is known of a call when it begins. */
export interface CallBeginning {
  readonly uuid: string
  readonly flow: string
  readonly direction: 'in' | 'out'
  readonly from: string
  readonly to: string
  readonly core: string
  /** When the leg was created (so before it rang), milliseconds since the epoch. */
  readonly startedAt: number
  /** The number of the person we serve: who called, whom a campaign called, whom an agent wanted to talk with. */
  readonly customer?: string | null
}

/** A call that lives: what its row says meanwhile. */
export interface LiveCall extends CallBeginning, CallSummary {}

/**
 * The house's own words for what came of a call whose flow said none:
 *
 *   talked       they talked with somebody, whoever hung up (`agent`: with whom)
 *   callback     they are called back
 *   transferred  the flow gave the call to another extension of the dialplan
 *   abandoned    they hung up while they waited in a queue (`waitMs`: after how long), and had talked with nobody
 *   hung-up      they hung up before that, or after they had left the queue
 *   done         the flow ended, and nothing of this had happened
 *   overflow     there was too much to do: no flow has run
 *   no-attempt   the call came to a campaign's flow and is no open attempt of a campaign
 *   error        the flow failed
 *   lost         its switch ended with it, or nobody knows how it ended
 *
 * A call that was dialled and not answered has the outcome of the dialling: busy, no-answer, declined, invalid, cancelled, failed, refused.
 */
export type HouseOutcome =
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

/** 'other': whom they talked with, when that is no agent of ours; 'flow': our script; 'switch': a limit, a dead line, an operator. */
export type HungUpBy = 'customer' | 'agent' | 'other' | 'flow' | 'switch'

export interface CallRecord extends CallBeginning, CallSummary {
  readonly end: LegEnd
  readonly endedAt: number
  /** The flow's own word (what it returned, when that is a word; a campaign's disposition), else one of HouseOutcome. */
  readonly outcome: string
  /** Null: it goes on elsewhere, it was never answered, or nobody knows. */
  readonly hungUpBy: HungUpBy | null
}

/** Where they are kept. Both that give a promise may be asked twice. */
export interface CallRecords {
  /**
   * The row of a call that lives is to say what `look` gives, from now on. Returns at once: it is written behind the call. Absent where
   * nobody looks at a call before it has ended.
   */
  lives?(uuid: string, look: () => LiveCall): void
  /** It is not driven here any more: its next owner writes its row. */
  moved?(uuid: string): void
  /** Rejects when it could not be written now. The first end of a call counts. */
  ended(call: CallRecord): Promise<void>
  /** Resolves when it is written, however long the store is away. Rejects when the store refuses it, has no room, or closes. */
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
    customer: customer ?? (from || null),
  }
}

export function liveCall(begin: Begin, notes: readonly TimedNote[], now: number): LiveCall {
  const beginning = beginningOf(begin)
  return { ...beginning, ...withArrival(begin, summaryOf(notes, now)) }
}

/** `at`: when it ended, milliseconds since the epoch, when the switch does not say so itself. */
export function recordOf(begin: Begin, notes: readonly TimedNote[], end: LegEnd, at: number): CallRecord {
  const beginning = beginningOf(begin)
  const known = notes.flatMap(({ note }) => ('ended' in note ? note.ended : [])).at(-1)
  if (known) {
    // by the node that saw the end and could not write the row
    const summary = withArrival(begin, summaryOf(notes, known.at, true))
    const { at: endedAt, cause, answeredAt } = known
    return {
      ...beginning,
      ...summary,
      answeredAt,
      end: { cause },
      endedAt,
      outcome: outcomeOf(notes, summary, { cause }),
      hungUpBy: known.hungUpBy as HungUpBy | null,
    }
  }
  const { answered, hungUp } = timesIn(end, beginning.startedAt)
  // nothing happens after the end; that a switch had died is noticed later than it was so, by everything that its calls did
  const events = notes.filter(({ note }) => 'event' in note).map(note => note.at)
  const endedAt = end.cause === 'SWITCH_CRASH' ? at : Math.max(hungUp ?? at, ...events)
  const summary = withArrival(
    begin,
    summaryOf(
      notes.map(noted => ({ ...noted, at: Math.min(noted.at, endedAt) })),
      endedAt,
      true,
    ),
  )
  const answeredAt = answered ?? summary.answeredAt
  // not by two spreads: they cost 12 µs, a fiftieth of all that a call does
  return Object.assign(beginning, summary, {
    answeredAt,
    end,
    endedAt,
    outcome: outcomeOf(notes, summary, end),
    hungUpBy: hungUpBy(begin, notes, summary, end),
  })
}

/** Of a call for which there was no room: it went to the overflow before a flow began. */
export function shedRecord(arrival: Arrival, now: number): CallRecord {
  const word = 'overflow' satisfies HouseOutcome
  return recordOf(
    { k: 'begin', at: now, arrival },
    [{ at: now, note: { returned: word } }],
    { cause: TRANSFERRED },
    now,
  )
}

/** A call that was dialled for an agent is theirs from its first ring; one that we called has rung and was answered before it came to the door. */
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

/** By the differences of the switch's own times, for its clock may be another than ours. */
function timesIn({ facts }: LegEnd, startedAt: number): { answered: number | null; hungUp: number | null } {
  if (facts === undefined) return { answered: null, hungUp: null }
  const [created, answered, hungUp] = ['Created', 'Answered', 'Hangup'].map(name =>
    Number(facts.get(`Caller-Channel-${name}-Time`) ?? 0),
  ) as [number, number, number]
  return { answered: after(created, answered, startedAt), hungUp: after(created, hungUp, startedAt) }
}

/** FreeSWITCH counts in microseconds, and says 0 for what has not happened. */
const after = (created: number, then: number, startedAt: number) =>
  created > 0 && then >= created ? startedAt + Math.round((then - created) / 1_000) : null

const saidIn = (notes: readonly TimedNote[]): string | null =>
  notes
    .flatMap(({ note }) => ('returned' in note ? (note.returned ?? []) : 'disposition' in note ? note.disposition : []))
    .at(-1) ?? null

function outcomeOf(notes: readonly TimedNote[], { timeline, talkMs }: CallSummary, { cause }: LegEnd): string {
  const own = saidIn(notes)
  if (own !== null) return own
  const last = timeline.findLast(({ event, leg }) => leg === undefined && PLACES.has(event))?.event
  const word: HouseOutcome =
    talkMs !== null
      ? 'talked'
      : last === 'callback' || last === 'transferred'
        ? last
        : cause === 'SWITCH_CRASH' || cause === 'LOST'
          ? 'lost'
          : notes.some(({ note }) => 'returned' in note)
            ? 'done'
            : last === 'entered'
              ? 'abandoned'
              : 'hung-up'
  return word
}
const PLACES = new Set(['entered', 'left', 'callback', 'transferred'])

/** Causes with which the switch itself ends a call: its limits, a line without a sound, its operator, its end. */
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
  const byFlow = notes.some(({ note }) => 'hungUp' in note || 'returned' in note)
  if (!byFlow) {
    // send_bye: the far end did not say goodbye first
    const sent = facts?.variable('sip_hangup_disposition')?.startsWith('send_') ?? false
    return BY_SWITCH.has(cause) || sent ? 'switch' : person
  }
  const last = timeline.at(-1)
  if (last?.event !== 'talked') return 'flow'
  return person === 'agent' ? 'customer' : last.agent === undefined ? 'other' : 'agent'
}
