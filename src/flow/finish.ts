/**
 * Ends calls that nobody drove to their end: agents and places first, for people wait for them, then the record, the lead, and last of
 * all the call itself is forgotten. Every part may be done twice, by two nodes at once: the first one counts. Whatever fails leaves the
 * call as it is, for the next look.
 */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { isSame, type CallStore, type Owner } from '../call/ownership.ts'
import type { Switchboard } from '../call/switchboard.ts'
import * as say from '../esl/api.ts'
import type { Ident } from '../esl/words.ts'
import type { Leftovers } from './leftovers.ts'
import { remainsOf, ringingIn, type KnownEnd } from './remains.ts'
import type { CallRecords } from './call-record.ts'

export interface Over {
  readonly uuid: string
  readonly owner: Owner
  readonly end: KnownEnd | null
}

export interface FinishParts {
  readonly calls: CallStore
  readonly switchboard: Switchboard
  readonly records: Pick<CallRecords, 'ended'>
  /** Null where there are no campaigns. */
  readonly leads: { presume(uuid: string, cause: string | null): Promise<unknown> } | null
  /** For a call whose journal says nothing. */
  readonly rows: { lost(uuid: string, at: number): Promise<unknown> } | null
  readonly leftovers: Pick<Leftovers, 'clear'>
  readonly clock: Clock
  readonly log: Log
}

/** Records that are written at once. */
const AT_ONCE = 20

/** Gives the number of calls that were ended. Rejects when a store that all of them need is away. */
export async function finish(batch: readonly Over[], parts: FinishParts): Promise<number> {
  const owners = await parts.calls.ownersOf(batch.map(({ uuid }) => uuid))
  // somebody has them again, or was faster
  const ours = batch.filter(({ owner }, at) => isSame(owners[at], owner))
  if (ours.length === 0) return 0
  const journals = new Map(await Promise.all(ours.map(async ({ uuid }) => [uuid, await parts.calls.read(uuid)] as const)))
  await Promise.all([...journals.values()].map(lines => letGo(lines, parts)))
  await parts.leftovers.clear(new Set(ours.map(({ uuid }) => uuid)))
  const queue = [...ours]
  let ended = 0
  const work = async () => {
    for (let one = queue.shift(); one; one = queue.shift()) if (await close(one, journals.get(one.uuid)!, parts)) ended++
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.length) }, work))
  return ended
}

/** A telephone that rings for nobody any more: before the agent who is called counts as free. */
async function letGo(journal: readonly string[], { switchboard }: FinishParts): Promise<void> {
  for (const dialled of ringingIn(journal)) {
    for (const one of switchboard.switches) if ((await one.lives(dialled)) === 'yes') await one.attempt(say.uuidKill(dialled, 'ORIGINATOR_CANCEL' as Ident))
  }
}

async function close({ uuid, owner, end }: Over, journal: readonly string[], { calls, records, leads, rows, clock, log }: FinishParts): Promise<boolean> {
  try {
    const record = remainsOf(journal, end, clock.now())
    if (record) {
      await records.ended(record)
      if (record.direction === 'out') await leads?.presume(uuid, record.end.cause)
    } else {
      await rows?.lost(uuid, end?.at ?? clock.now())
      await leads?.presume(uuid, end?.cause ?? 'LOST')
    }
    const { flow, outcome, agent } = record ?? {}
    const cause = record?.end.cause
    log.info({ uuid, flow, outcome, cause, agent, from_node: owner.node }, 'a call that nobody drove any more was put away')
    return await calls.end(uuid, owner)
  } catch (error) {
    log.warn({ uuid, error: (error as Error).message }, 'a call that nobody drives any more could not be put away yet')
    return false
  }
}
