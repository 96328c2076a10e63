/**
 * Closes orphaned calls that have ended. Order: agents and places in queues first, for callers wait for them, then the
 * record, then the lead, and last the entry and the journal in the call store. Each part may run twice, on two nodes at
 * once: the first one counts. A part that fails leaves the call as it is, for the next reconciliation. Used by
 * orphaned-calls.ts.
 */
import { readEntries } from '../journal/entries.ts'
import { timedNotesIn } from '../journal/evidence.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Events } from '../events/events.ts'
import { isSame, type CallStore, type Owner } from '../journal/call-store.ts'
import { tellNotesAgain } from '../journal/tell-note.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import * as build from '../esl/api.ts'
import type { Ident } from '../esl/safe-text.ts'
import { isRefused } from '../store/sql.ts'
import { REFUSED } from '../record/ended-rows.ts'
import { tellEnd } from '../record/tell-end.ts'
import type { StaleRecords } from './stale-records.ts'
import { isEndTold, recordFromJournal, ringingIn, type KnownEnd } from '../record/record-from-journal.ts'
import type { CallRecord, CallRecords } from '../record/call-record.ts'

/** An orphaned call that has ended. `end`: null when it is unknown how. */
export interface Over {
  readonly uuid: string
  readonly owner: Owner
  readonly end: KnownEnd | null
}

export interface CloseCallParts {
  readonly calls: CallStore
  readonly switchboard: Switchboard
  readonly records: Pick<CallRecords, 'ended'>
  /** Settle an attempt of a campaign or of a callback. Null where there are none. `talk`: the record shows one. */
  readonly leads: {
    presume(uuid: string, cause: string | null, talk: { readonly agent: string | null } | null): Promise<unknown>
  } | null
  /** The record of a call without a journal. Null where there is no database. */
  readonly rows: { lost(uuid: string, at: number): Promise<unknown> } | null
  readonly staleRecords: Pick<StaleRecords, 'clear' | 'freeAgent'>
  readonly clock: Clock
  readonly log: Log
  readonly events: Events
}

/** Calls whose journals are in memory at one time, and whose records are written together. */
const TOGETHER = 250
const UNREADABLE =
  'orphaned calls have journals that a newer version of Switchhook wrote, or that are damaged; a node of that version closes them'

/** Calls that are closed in parallel. */
const AT_ONCE = 20

/** Resolves with the number of calls that were closed. Rejects when a store that all of them need is unavailable. */
export async function closeCall(batch: readonly Over[], parts: CloseCallParts): Promise<number> {
  let ended = 0
  for (let at = 0; at < batch.length; at += TOGETHER) ended += await finishSome(batch.slice(at, at + TOGETHER), parts)
  return ended
}

async function finishSome(batch: readonly Over[], parts: CloseCallParts): Promise<number> {
  const owners = await parts.calls.ownersOf(batch.map(({ uuid }) => uuid))
  // another node has taken the others over, or closed them
  const owned = batch.filter(({ owner }, at) => isSame(owners[at], owner))
  const journals = new Map(
    await Promise.all(owned.map(async ({ uuid }) => [uuid, await parts.calls.read(uuid)] as const)),
  )
  const ours = owned.filter(({ uuid }) => readEntries(journals.get(uuid)!) !== null)
  if (ours.length < owned.length) parts.log.error({ calls: owned.length - ours.length }, UNREADABLE)
  if (ours.length === 0) return 0
  await Promise.all([...journals.values()].map(lines => letGo(lines, parts)))
  await parts.staleRecords.clear(new Set(ours.map(({ uuid }) => uuid)))
  const records = new Map(
    ours.map(({ uuid, owner, end }) => {
      const record = recordFromJournal(journals.get(uuid)!, end, parts.clock.now())
      return [uuid, record && { ...record, fromNode: owner.node }] as const
    }),
  )
  for (const { uuid } of ours) tellNotesAgain(uuid, timedNotesIn(journals.get(uuid)!), parts.events)
  const unwritten = await write(
    [...records.values()].filter(record => record !== null),
    parts,
  )
  const queue = ours.filter(({ uuid }) => !unwritten.has(uuid))
  let ended = 0
  const work = async () => {
    for (let one = queue.shift(); one; one = queue.shift())
      if (await close(one, records.get(one.uuid)!, isEndTold(journals.get(one.uuid)!), parts)) ended++
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.length) }, work))
  return ended
}

/** Resolves with the uuids of the calls whose record could not be written. */
async function write(rows: readonly CallRecord[], { records, log }: CloseCallParts): Promise<ReadonlySet<string>> {
  const answers = await Promise.allSettled(rows.map(row => records.ended(row)))
  const failed = answers.flatMap((answer, at) =>
    answer.status === 'rejected' ? [{ uuid: rows[at]!.uuid, error: answer.reason as Error }] : [],
  )
  for (const { uuid, error } of failed) if (isRefused(error)) log.error({ uuid, error: error.message }, REFUSED)
  const later = failed.filter(({ error }) => !isRefused(error))
  if (later.length > 0)
    log.warn(
      { calls: later.length, error: later[0]!.error.message },
      'orphaned calls could not be closed: PostgreSQL does not take their records; reconciliation retries',
    )
  return new Set(failed.map(({ uuid }) => uuid))
}

/** Hangs up the legs that still ring for this call, before the agents who are called count as free. */
async function letGo(journal: readonly string[], { switchboard }: CloseCallParts): Promise<void> {
  for (const dialled of ringingIn(journal)) {
    for (const one of switchboard.switches)
      if ((await one.lives(dialled)) === 'yes') await one.attempt(build.uuidKill(dialled, 'ORIGINATOR_CANCEL' as Ident))
  }
}

async function close(
  { uuid, owner, end }: Over,
  record: CallRecord | null,
  isTold: boolean,
  { calls, leads, rows, clock, events, log }: CloseCallParts,
): Promise<boolean> {
  try {
    if (!record) await rows?.lost(uuid, end?.at ?? clock.now())
    if (record?.direction !== 'in') {
      const talk = record && record.talkMs !== null ? { agent: record.agent } : null
      await leads?.presume(uuid, record?.end.cause ?? end?.cause ?? 'LOST', talk)
    }
    if (!(await calls.end(uuid, owner))) return false // another node has closed the call, and tells its end
    if (record && !isTold) tellEnd(record, events)
    else log.info({ uuid, from_node: owner.node }, 'an orphaned call was closed')
    return true
  } catch (error) {
    log.warn({ uuid, error: (error as Error).message }, 'an orphaned call could not be closed; reconciliation retries')
    return false
  }
}
