/**
 * The figures of a window, computed a second time: from the raw rows, one after the other, without PostgreSQL. It
 * shares nothing with the queries that it checks but the words in the rows.
 */
import type { AgentSums } from '../../src/store/agent-figures.ts'
import type { AgentStateRow } from '../../src/store/agent-states.ts'
import type { CallSegment } from '../../src/store/call-segments.ts'
import type { Window } from '../../src/store/figure-window.ts'
import type { QueueGoals, QueueSums } from '../../src/store/queue-figures.ts'

/** The number of the part in which this moment is; null: in none. */
const partAt = ({ from, to, stepMs }: Window, at: number | null) =>
  at !== null && at >= from && at < to ? Math.floor((at - from) / stepMs) : null

/** How much of an interval is in each part. */
function* spread(window: Window, since: number, until: number): Generator<readonly [part: number, ms: number]> {
  const { from, to, stepMs, now } = window
  for (let part = 0, begin = from; begin < to; part++, begin += stepMs) {
    const ms = Math.min(until, begin + stepMs, to, now) - Math.max(since, begin)
    if (ms > 0) yield [part, ms]
  }
}

/** A segment with its call, and its place in it. */
export type RawSegment = CallSegment & { readonly call: string; readonly n: number }

const isBetween = (at: number, least: number, most: number) => at >= least && at <= most

const isTalk = (kind: CallSegment['kind']) => kind === 'talk' || kind === 'hold' || kind === 'consult'

class Rows<T extends object> {
  readonly #rows = new Map<string, T>()
  readonly #empty: (name: string, part: number) => T

  constructor(empty: (name: string, part: number) => T) {
    this.#empty = empty
  }

  at(name: string, part: number): T {
    const key = `${name} ${String(part).padStart(5, '0')}`
    const row = this.#rows.get(key) ?? this.#empty(name, part)
    this.#rows.set(key, row)
    return row
  }

  /** In the order of name and part. */
  get all(): T[] {
    return [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  }
}

/** The intervals of each agent, in order; the last one goes on. */
function intervals(states: readonly AgentStateRow[], now: number) {
  const byAgent = new Map<string, AgentStateRow[]>()
  for (const row of states.toSorted((a, b) => a.at - b.at || a.rev - b.rev)) {
    const rows = byAgent.get(row.agent) ?? []
    byAgent.set(row.agent, rows)
    rows.push(row)
  }
  return [...byAgent.values()].flatMap(rows => rows.map((row, n) => ({ ...row, until: rows[n + 1]?.at ?? now })))
}

function grouped(segments: readonly RawSegment[], keyOf: (one: RawSegment) => string): Map<string, RawSegment[]> {
  const groups = new Map<string, RawSegment[]>()
  for (const one of segments) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one])
  return groups
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const LIMITS = [5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, Infinity]

export function queuesByHand(
  segments: readonly RawSegment[],
  states: readonly AgentStateRow[],
  window: Window,
  goals: readonly QueueGoals[],
): QueueSums[] {
  const waits = new Map<object, number[]>()
  const byNumber = grouped(
    segments.filter(one => one.kind === 'wait' && one.customer !== null),
    ({ customer, queue }) => `${customer} ${queue}`,
  )
  const talked = grouped(
    segments.filter(one => one.kind === 'talk'),
    ({ call }) => call,
  )
  const rows = new Rows<Mutable<QueueSums> & { waits: number[]; refusedBy: Record<string, number> }>((queue, part) => ({
    ...{ queue, part, answered: 0, answeredWithin: 0, abandoned: 0, shortAbandons: 0, callbacks: 0, leftOtherwise: 0 },
    ...{ lost: 0, answeredWaitMs: 0, abandonedWaitMs: 0, longestAbandonedMs: null, waitP50Ms: null, waitP90Ms: null },
    ...{ waits: LIMITS.map(() => 0), handled: 0, talkMs: 0, holdMs: 0, holds: 0, consultMs: 0, wrapUpMs: 0 },
    ...{ refused: 0, refusedBy: {}, transfersBlind: 0, transfersAttended: 0, requeues: 0, repeats: 0, calledAgain: 0 },
  }))
  for (const { kind, queue, joined, since, until, how, call, n, customer } of segments) {
    if (queue === null) continue
    if (isTalk(kind))
      for (const [part, ms] of spread(window, since, until ?? Infinity)) rows.at(queue, part)[`${kind}Ms`] += ms
    const part = partAt(window, until)
    if (part === null || kind === 'ring') continue
    const row = rows.at(queue, part)
    if (kind === 'hold') row.holds++
    if (kind === 'refused') {
      row.refused++
      row.refusedBy[how!] = (row.refusedBy[how!] ?? 0) + 1
      continue
    }
    if (kind === 'transfer') {
      row[how === 'blind' ? 'transfersBlind' : 'transfersAttended']++
      continue
    }
    if (kind !== 'wait') {
      if (how === 'ended') row.handled++
      continue
    }
    const waited = until! - joined!
    const { within, shortAbandon, repeatWithin } = goals.find(one => one.queue === queue)!
    if (talked.get(call)?.some(talk => talk.n < n)) row.requeues++
    const others = byNumber.get(`${customer} ${queue}`)?.filter(one => one.call !== call) ?? []
    const isOffered = !['callback', 'moved', 'lost'].includes(how!) && !(how === 'abandoned' && waited <= shortAbandon)
    if (
      isOffered &&
      others.some(one => one.how === 'answered' && isBetween(one.until!, joined! - repeatWithin, joined!))
    )
      row.repeats++
    const last = Math.min(until! + repeatWithin, window.now)
    if (how === 'answered' && others.some(one => isBetween(one.since, until! + 1, last))) row.calledAgain++
    if (how === 'answered') {
      row.answered++
      row.answeredWaitMs += waited
      if (waited <= within) row.answeredWithin++
      row.waits[LIMITS.findIndex(limit => waited <= limit)]!++
      const all = waits.get(row) ?? []
      waits.set(row, all)
      all.push(waited)
    } else if (how === 'abandoned' && waited <= shortAbandon) row.shortAbandons++
    else if (how === 'abandoned') {
      row.abandoned++
      row.abandonedWaitMs += waited
      row.longestAbandonedMs = Math.max(row.longestAbandonedMs ?? 0, waited)
    } else if (how === 'callback') row.callbacks++
    else if (how === 'lost') row.lost++
    else if (how !== 'moved') row.leftOtherwise++
  }
  for (const { state, queue, at, until } of intervals(states, window.now))
    if (state === 'wrap-up' && queue !== null)
      for (const [part, ms] of spread(window, at, until)) rows.at(queue, part).wrapUpMs += ms
  for (const [row, all] of waits) {
    const sorted = all.toSorted((a, b) => a - b)
    const nearest = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]!
    Object.assign(row, { waitP50Ms: nearest(0.5), waitP90Ms: nearest(0.9) })
  }
  return rows.all
}

type Time = Exclude<{ [K in keyof AgentSums]: K extends `${string}Ms` ? K : never }[keyof AgentSums], never>

/** What the agent did in the interval, by the definitions of docs/figures.md. */
function didIn({ state, status, queue }: AgentStateRow): Time {
  if (state === 'ringing' || (state === 'reserved' && queue !== null)) return 'ringingMs'
  if (state === 'talking') return 'talkingMs'
  if (state === 'wrap-up') return 'wrapUpMs'
  if (state === 'busy-elsewhere') return 'elsewhereMs'
  return status === 'break' ? 'breakMs' : status === 'logged-out' ? 'outMs' : 'readyMs'
}

export function agentsByHand(
  segments: readonly CallSegment[],
  states: readonly AgentStateRow[],
  window: Window,
): AgentSums[] {
  const rows = new Rows<Mutable<AgentSums> & Record<'breaks' | 'breaksOver', Record<string, number>>>(
    (agent, part) => ({
      ...{ agent, part, readyMs: 0, restingMs: 0, ringingMs: 0, talkingMs: 0, wrapUpMs: 0, elsewhereMs: 0, breakMs: 0 },
      ...{ outMs: 0, breaks: {}, talkMs: 0, holdMs: 0, consultMs: 0, handled: 0, offered: 0, answered: 0, refused: 0 },
      ...{ callerLeft: 0, breakOverMs: 0, breaksOver: {}, transfersBlind: 0, transfersAttended: 0 },
    }),
  )
  for (const interval of intervals(states, window.now)) {
    const { agent, at, until, restsUntil, breakUntil, reason } = interval
    const did = didIn(interval)
    const rests = did === 'readyMs' && restsUntil !== null ? Math.min(until, restsUntil) : at
    for (const [part, ms] of spread(window, at, rests)) rows.at(agent, part).restingMs += ms
    for (const [part, ms] of spread(window, rests, until)) {
      const row = rows.at(agent, part)
      row[did] += ms
      if (did === 'breakMs') row.breaks[reason ?? ''] = (row.breaks[reason ?? ''] ?? 0) + ms
    }
    if (did === 'breakMs' && breakUntil !== null)
      for (const [part, ms] of spread(window, Math.max(at, breakUntil), until)) {
        const row = rows.at(agent, part)
        row.breakOverMs += ms
        row.breaksOver[reason ?? ''] = (row.breaksOver[reason ?? ''] ?? 0) + ms
      }
  }
  for (const { kind, agent, queue, since, until, how } of segments) {
    if (agent === null) continue
    if (isTalk(kind))
      for (const [part, ms] of spread(window, since, until ?? Infinity)) rows.at(agent, part)[`${kind}Ms`] += ms
    const part = partAt(window, until)
    if (part === null) continue
    const row = rows.at(agent, part)
    if (isTalk(kind) && how === 'ended') row.handled++
    if (kind === 'transfer') row[how === 'blind' ? 'transfersBlind' : 'transfersAttended']++
    if (kind !== 'ring' || queue === null) continue
    row.offered++
    if (how === 'answered') row.answered++
    else if (how === 'declined') row.refused++
    else if (how === 'caller-left') row.callerLeft++
  }
  return rows.all
}
