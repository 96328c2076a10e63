/**
 * Ends calls that nobody drove to their end: agents and places first, for people wait for them, then the record, the lead, and last of
 * all the call itself is forgotten. Every part may be done twice, by two nodes at once: the first one counts. Whatever fails leaves the
 * call as it is, for the next look.
 */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { isSame, type CallStore, type Owner } from '../journal/call-store.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import * as build from '../esl/api.ts'
import type { Ident } from '../esl/safe-text.ts'
import { isRefused } from '../store/sql.ts'
import { REFUSED } from '../record/ended-rows.ts'
import type { StaleRecords } from './stale-records.ts'
import { recordFromJournal, ringingIn, type KnownEnd } from '../record/record-from-journal.ts'
import type { CallRecord, CallRecords } from '../record/call-record.ts'

export interface Over {
  readonly uuid: string
  readonly owner: Owner
  readonly end: KnownEnd | null
}

export interface CloseCallParts {
  readonly calls: CallStore
  readonly switchboard: Switchboard
  readonly records: Pick<CallRecords, 'ended'>
  /** Null where there are no campaigns. */
  readonly leads: { presume(uuid: string, cause: string | null): Promise<unknown> } | null
  /** For a call whose journal says nothing. */
  readonly rows: { lost(uuid: string, at: number): Promise<unknown> } | null
  readonly staleRecords: Pick<StaleRecords, 'clear'>
  readonly clock: Clock
  readonly log: Log
}

/** Calls whose journals are held at one time, and whose rows are written together. */
const TOGETHER = 250
/** Calls that are put away at once. */
const AT_ONCE = 20

/** Gives the number of calls that were ended. Rejects when a store that all of them need is away. */
export async function closeCall(batch: readonly Over[], parts: CloseCallParts): Promise<number> {
  let ended = 0
  for (let at = 0; at < batch.length; at += TOGETHER) ended += await finishSome(batch.slice(at, at + TOGETHER), parts)
  return ended
}

async function finishSome(batch: readonly Over[], parts: CloseCallParts): Promise<number> {
  const owners = await parts.calls.ownersOf(batch.map(({ uuid }) => uuid))
  // somebody has them again, or was faster
  const ours = batch.filter(({ owner }, at) => isSame(owners[at], owner))
  if (ours.length === 0) return 0
  const journals = new Map(
    await Promise.all(ours.map(async ({ uuid }) => [uuid, await parts.calls.read(uuid)] as const)),
  )
  await Promise.all([...journals.values()].map(lines => letGo(lines, parts)))
  await parts.staleRecords.clear(new Set(ours.map(({ uuid }) => uuid)))
  const records = new Map(
    ours.map(({ uuid, end }) => [uuid, recordFromJournal(journals.get(uuid)!, end, parts.clock.now())]),
  )
  const unwritten = await write(
    [...records.values()].filter(record => record !== null),
    parts,
  )
  const queue = ours.filter(({ uuid }) => !unwritten.has(uuid))
  let ended = 0
  const work = async () => {
    for (let one = queue.shift(); one; one = queue.shift()) if (await close(one, records.get(one.uuid)!, parts)) ended++
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.length) }, work))
  return ended
}

/** Gives the uuids of those that could not be written. */
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
      'calls that nobody drives any more could not be put away yet: PostgreSQL does not take their rows',
    )
  return new Set(failed.map(({ uuid }) => uuid))
}

/** A telephone that rings for nobody any more: before the agent who is called counts as free. */
async function letGo(journal: readonly string[], { switchboard }: CloseCallParts): Promise<void> {
  for (const dialled of ringingIn(journal)) {
    for (const one of switchboard.switches)
      if ((await one.lives(dialled)) === 'yes') await one.attempt(build.uuidKill(dialled, 'ORIGINATOR_CANCEL' as Ident))
  }
}

async function close(
  { uuid, owner, end }: Over,
  record: CallRecord | null,
  { calls, leads, rows, clock, log }: CloseCallParts,
): Promise<boolean> {
  try {
    if (!record) await rows?.lost(uuid, end?.at ?? clock.now())
    if (record?.direction !== 'in') await leads?.presume(uuid, record?.end.cause ?? end?.cause ?? 'LOST')
    const { flow, outcome, agent } = record ?? {}
    const cause = record?.end.cause
    log.info(
      { uuid, flow, outcome, cause, agent, from_node: owner.node },
      'a call that nobody drove any more was put away',
    )
    return await calls.end(uuid, owner)
  } catch (error) {
    log.warn({ uuid, error: (error as Error).message }, 'a call that nobody drives any more could not be put away yet')
    return false
  }
}
