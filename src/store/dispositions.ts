/**
 * Queries of the tables `campaign_dispositions`, the own dispositions of campaigns, and `attempt_dispositions`, every
 * word that agents have given. Their rules are in campaign/own-dispositions.ts and campaign/agent-disposition.ts.
 */
import type { Queries, Transaction } from './sql.ts'

export interface OwnDispositionRow {
  readonly name: string
  /** The built-in disposition as which it behaves. */
  readonly behavesAs: string
  /** The status letters; null: none. */
  readonly status: string | null
  readonly means: string
  /** A duration or 'never'; null: as `behavesAs`. */
  readonly again: string | null
}

/** In the order of their names. */
export async function ownDispositions(sql: Queries, campaign: string): Promise<OwnDispositionRow[]> {
  const rows = await sql<OwnDispositionRow[]>`
    select name, behaves_as as "behavesAs", status, means, again from campaign_dispositions
    where campaign_id = ${campaign} order by name`
  return [...rows]
}

/** Adds a disposition, or changes the one of this name. */
export async function saveOwnDisposition(
  sql: Queries,
  campaign: string,
  { name, behavesAs, status, means, again }: OwnDispositionRow,
  now: number,
): Promise<void> {
  await sql`
    insert into campaign_dispositions (campaign_id, name, behaves_as, status, means, again, updated_at)
    values (${campaign}, ${name}, ${behavesAs}, ${status}, ${means}, ${again}, ${new Date(now)})
    on conflict (campaign_id, name) do update set behaves_as = excluded.behaves_as, status = excluded.status,
      means = excluded.means, again = excluded.again, updated_at = excluded.updated_at`
}

/** False when the campaign has no such disposition. */
export async function deleteOwnDisposition(sql: Queries, campaign: string, name: string): Promise<boolean> {
  const rows =
    await sql`delete from campaign_dispositions where campaign_id = ${campaign} and name = ${name} returning 1`
  return rows.length > 0
}

/** One word of an agent. */
export interface GivenDisposition {
  readonly disposition: string
  readonly agent: string
  readonly at: Date
  /** When the person wants to be called again; null: not said. */
  readonly callAt: Date | null
}

/** All words that agents have given to an attempt, the first one first. */
export async function givenDispositions(sql: Queries, attempt: string): Promise<GivenDisposition[]> {
  const rows = await sql<GivenDisposition[]>`
    select disposition, agent, at, call_at as "callAt" from attempt_dispositions where attempt_id = ${attempt} order by n`
  return [...rows]
}

/** Adds one. The caller has locked the attempt. */
export async function addGivenDisposition(
  tx: Transaction,
  attempt: string,
  { disposition, agent, at, callAt }: GivenDisposition,
): Promise<void> {
  await tx`
    insert into attempt_dispositions (attempt_id, n, at, disposition, agent, call_at)
    select ${attempt}, coalesce(max(n), 0) + 1, ${at}, ${disposition}, ${agent}, ${callAt} from attempt_dispositions
    where attempt_id = ${attempt}`
}
