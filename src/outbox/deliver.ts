/**
 * One turn of deliveries to one webhook: what is due, then the next events. The events of one subject (a call) go one
 * after the other, and a later one waits until the earlier one is taken or dead; different subjects go side by side.
 *
 *   up     events are sent as they come; one that fails waits by the plan (retry-plan.ts), and its subject behind it
 *   down   after five failures without a success: at most three events are tried, nothing new is begun, no tries count
 *   up     after the first success: what waited is sent at once, then the events that came meanwhile
 *
 * At least once: when the process dies during a turn, the turn is done again.
 */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { cloudEvent, isWanted, type StoredEvent } from '../events/envelope.ts'
import {
  saveTurn,
  targetNamed,
  targetSecrets,
  waitingDeliveries,
  type DeliveryRow,
  type TargetRow,
} from '../store/event-targets.ts'
import { eventsAfter, eventsNumbered } from '../store/events.ts'
import type { Sql } from '../store/sql.ts'
import type { Posted } from './post.ts'
import { DOWN_AFTER, meaningOf, nextProbe, nextTry } from './retry-plan.ts'
import { signedHeaders } from './signature.ts'

/** Events in one turn. */
const AT_ONCE = 200
/** Subjects that are sent side by side. */
const LANES = 16
/** Subjects that are tried while the receiver is down: one of them may be the only event that it does not take. */
const PROBES = 3
/** Deliveries that may wait; with more, nothing new is begun. */
const MOST_WAITING = 10_000
const CLOUD_EVENT = 'application/cloudevents+json; charset=utf-8'
const DELETED = 'the event is older than KEEP_EVENTS'

export interface DeliverParts {
  readonly sql: Sql
  /** The setting EVENTS_SOURCE. */
  readonly source: string
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<Posted>
  readonly clock: Clock
  readonly log: Log
}

/** An event to be sent, and its tries so far. */
interface Item {
  readonly event: StoredEvent
  readonly tries: number
}

interface Tried {
  readonly row: DeliveryRow
  /** What the receiver said; null: it was not asked. */
  readonly meaning: ReturnType<typeof meaningOf> | null
  readonly retryAfterMs: number | null
}

/** Resolves with true when there may be more to do at once. Rejects when PostgreSQL is unavailable. */
export async function deliverTurn(name: string, parts: DeliverParts): Promise<boolean> {
  const { sql, clock, log } = parts
  const target = await targetNamed(sql, name)
  if (target?.state !== 'active' || target.url === null || target.nextAt.getTime() > clock.now()) return false
  const isDown = target.failures >= DOWN_AFTER
  const waiting = await waitingDeliveries(sql, name, MOST_WAITING)
  const { position, items, held } = await nextEvents(sql, target, waiting, isDown)
  const due = await dueItems(sql, waiting, { isDown, now: clock.now() })
  const all = lanesOf([...due.items, ...items])
  const lanes = isDown ? all.slice(0, PROBES).map(lane => lane.slice(0, 1)) : all
  const begun = new Set(lanes.flat())
  const left = items.filter(item => !begun.has(item)) // the position passes them: they must be kept
  const sent = await sendAll(lanes, target, parts)
  const after = outcomeOf(target, sent, clock.now())
  const rows = [...due.deleted, ...keptRows([...held, ...left], waiting, clock.now()), ...after.rows]
  const turn = { ...after, from: target.position, position, rows }
  if (!(await saveTurn(sql, name, turn))) return false
  if (after.isGone) log.warn({ webhook: name }, 'a webhook is off: its receiver answered 410')
  if (after.failures >= DOWN_AFTER && !isDown)
    log.warn({ webhook: name, error: after.error }, 'the receiver of a webhook is down; its events wait')
  if (after.isBack) log.info({ webhook: name }, 'the receiver of a webhook is back')
  return after.failures === 0 && (sent.length > 0 || due.deleted.length > 0 || position > target.position)
}

/** The rows of events that are not sent yet. One behind another that waits is due when that one is. */
function keptRows(items: readonly Item[], waiting: readonly DeliveryRow[], at: number): DeliveryRow[] {
  const due = new Map(waiting.map(({ subject, nextAt }) => [subject, nextAt?.getTime() ?? at]))
  return items.map(item => rowOf(item, { state: 'waiting', at, nextAt: due.get(item.event.subject) ?? at }))
}

/** The next events for this target: those to send, and those behind an event of their subject that waits. */
async function nextEvents(
  sql: Sql,
  target: TargetRow,
  waiting: readonly DeliveryRow[],
  isDown: boolean,
): Promise<{ readonly position: number; readonly items: readonly Item[]; readonly held: readonly Item[] }> {
  const isFull = waiting.length >= MOST_WAITING
  if (isFull || (isDown && waiting.length > 0)) return { position: target.position, items: [], held: [] }
  const events = await eventsAfter(sql, target.position, isDown ? PROBES : AT_ONCE)
  const position = events.at(-1)?.seq ?? target.position
  const wanted = events.filter(({ type }) => isWanted(type, target.types)).map(event => ({ event, tries: 0 }))
  const blocked = new Set(waiting.map(({ subject }) => subject))
  return {
    position,
    items: wanted.filter(({ event }) => !blocked.has(event.subject)),
    held: wanted.filter(({ event }) => blocked.has(event.subject)),
  }
}

/**
 * Of each subject the deliveries that are due: the first one, and what waits behind it. `deleted`: those whose event is
 * older than KEEP_EVENTS; they are dead.
 */
async function dueItems(
  sql: Sql,
  waiting: readonly DeliveryRow[],
  { isDown, now }: { readonly isDown: boolean; readonly now: number },
): Promise<{ readonly items: readonly Item[]; readonly deleted: readonly DeliveryRow[] }> {
  const blocked = new Set<string>()
  const due: DeliveryRow[] = []
  for (const row of waiting) {
    if (due.length >= AT_ONCE) break
    if (blocked.has(row.subject)) continue
    if (isDown || (row.nextAt?.getTime() ?? 0) <= now) due.push(row)
    else blocked.add(row.subject)
  }
  const events = await eventsNumbered(
    sql,
    due.map(({ seq }) => seq),
  )
  const byNumber = new Map(events.map(event => [event.seq, event]))
  const items: Item[] = []
  const deleted: DeliveryRow[] = []
  for (const row of due) {
    const event = byNumber.get(row.seq)
    if (event) items.push({ event, tries: row.tries })
    else deleted.push({ ...row, state: 'dead', nextAt: null, at: new Date(now), status: null, error: DELETED })
  }
  return { items, deleted }
}

/** The items of each subject, in their order. */
function lanesOf(items: readonly Item[]): readonly (readonly Item[])[] {
  const lanes = new Map<string, Item[]>()
  for (const item of items) {
    const lane = lanes.get(item.event.subject)
    if (lane) lane.push(item)
    else lanes.set(item.event.subject, [item])
  }
  return [...lanes.values()]
}

async function sendAll(lanes: readonly (readonly Item[])[], target: TargetRow, parts: DeliverParts): Promise<Tried[]> {
  const { oldUntil, secret, oldSecret } = await targetSecrets(parts.sql, target.name)
  const isOldValid = oldSecret !== null && oldUntil !== null && oldUntil.getTime() > parts.clock.now()
  const secrets = [secret, isOldValid ? oldSecret : null].filter(one => one !== null)
  const tried: Tried[] = []
  const queue = [...lanes]
  const work = async () => {
    for (let lane = queue.shift(); lane; lane = queue.shift())
      tried.push(...(await sendLane(lane, target, secrets, parts)))
  }
  await Promise.all(Array.from({ length: Math.min(LANES, lanes.length) }, work))
  return tried
}

/** Up to the first failure; what is behind it waits. */
async function sendLane(
  lane: readonly Item[],
  target: TargetRow,
  secrets: readonly string[],
  { source, post, clock }: DeliverParts,
): Promise<Tried[]> {
  const tried: Tried[] = []
  const isDown = target.failures >= DOWN_AFTER
  for (const [at, item] of lane.entries()) {
    const body = JSON.stringify(cloudEvent(item.event, source, target.seesNumbers))
    const headers = signedHeaders({ id: item.event.id, at: clock.now(), body }, secrets)
    const { status, error, retryAfterMs } = await post(target.url!, { 'content-type': CLOUD_EVENT, ...headers }, body)
    const now = clock.now()
    const meaning = meaningOf(status)
    const tries = item.tries + (isDown && meaning === 'later' ? 0 : 1)
    const pause = meaning === 'later' ? nextTry(Math.max(1, tries), retryAfterMs, Math.random()) : null
    const state = meaning === 'taken' ? 'delivered' : pause === null && meaning !== 'gone' ? 'dead' : 'waiting'
    const nextAt = state === 'waiting' ? now + (pause ?? 0) : null
    const row = { ...rowOf({ ...item, tries }, { state, at: now, nextAt, error }), status }
    tried.push({ row, meaning, retryAfterMs })
    if (state !== 'waiting') continue
    for (const behind of lane.slice(at + 1))
      tried.push({ row: rowOf(behind, { state: 'waiting', at: now, nextAt }), meaning: null, retryAfterMs: null })
    break
  }
  return tried
}

interface How {
  readonly state: DeliveryRow['state']
  readonly at: number
  readonly nextAt?: number | null
  readonly error?: string | null
}

const rowOf = ({ event, tries }: Item, { state, at, nextAt = null, error = null }: How): DeliveryRow => ({
  ...{ seq: event.seq, id: event.id, subject: event.subject, type: event.type, state, tries, error },
  nextAt: nextAt === null ? (state === 'waiting' ? new Date(at) : null) : new Date(nextAt),
  at: new Date(at),
  status: null,
})

/** What the turn means for the target. */
function outcomeOf({ failures: before }: TargetRow, tried: readonly Tried[], now: number) {
  const isUp = tried.some(({ meaning }) => meaning === 'taken' || meaning === 'never')
  const failed = tried.filter(({ meaning }) => meaning === 'later')
  const isGone = tried.some(({ meaning }) => meaning === 'gone')
  const failures = isUp || failed.length === 0 ? 0 : before + failed.length
  const asked = Math.max(0, ...tried.map(({ retryAfterMs }) => retryAfterMs ?? 0))
  const nextAt = failures >= DOWN_AFTER ? now + nextProbe(failures, asked, Math.random()) : now
  const isBack = before >= DOWN_AFTER && failures === 0
  return {
    rows: tried.map(({ row }) => row),
    failures,
    nextAt,
    error: failed.at(-1)?.row.error ?? null,
    isGone,
    isBack,
  }
}
