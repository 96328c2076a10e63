/** The records of calls that Switchhook wrote, for comparison with what the witness saw. */
import type { Json } from '../../src/store/sql.ts'
import { PATIENCE_MS } from '../patience.ts'
import { until, type Rig } from './rig.ts'

export interface ClosedRecord {
  readonly outcome: string | null
  readonly hangupCause: string | null
  readonly agent: string | null
  readonly crm: Readonly<Record<string, string>>
  readonly queueTimeline: readonly Json[]
}

/** The records of these calls by uuid, once all are closed; after `withinMs` those that are. */
export async function closedRecords(
  rig: Rig,
  uuids: readonly string[],
  withinMs = PATIENCE_MS,
): Promise<Map<string, ClosedRecord>> {
  const read = async () => {
    const rows = await rig.sql<({ id: string } & ClosedRecord)[]>`
      select id, outcome, hangup_cause as "hangupCause", agent, crm, queue_timeline as "queueTimeline"
      from calls where id in ${rig.sql(uuids)} and ended_at is not null`
    return new Map(rows.map(({ id, ...record }) => [id, record]))
  }
  // the row counts them
  await until('all records are closed', async () => (await read()).size === uuids.length, withinMs).catch(() => {})
  return read()
}

/** The length of the talk in the record, milliseconds; null when there is no talk. */
export function talkTime({ queueTimeline }: ClosedRecord): number | null {
  const moments = queueTimeline as unknown as { at: number; event: string }[]
  const [from, to] = [
    moments.find(one => one.event === 'call.bridged'),
    moments.findLast(one => one.event === 'call.unbridged'),
  ]
  return from && to ? to.at - from.at : null
}
