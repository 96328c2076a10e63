/**
 * Queries of the table `previews`: an agent looks at a lead before it is called. An open preview has its lead claimed,
 * and its id is the uuid of the attempt that may follow. claims.ts begins previews and turns them into attempts; this
 * file reads them, takes the word of the agent, and ends those that become no call. Used by campaign/dial-preview.ts
 * and the operations of previews.
 */
import { time, type Window } from './figure-window.ts'
import { keptFigures } from './figures.ts'
import type { Queries } from './sql.ts'

/** How a preview ended; the table in docs/campaign-flows.md tells what follows from each. */
export type PreviewEnd = 'called' | 'skipped' | 'timed-out' | 'agent-left' | 'withdrawn'

export interface PreviewRow {
  /** The uuid of the call that may follow. */
  readonly id: string
  /** The name of the campaign, and its settings of calls. */
  readonly campaign: string
  readonly calls: Readonly<Record<string, unknown>>
  readonly agent: string
  readonly lead: number
  /** The number that would be called. */
  readonly phone: string
  readonly fields: Readonly<Record<string, string>>
  /** Attempts to reach the lead so far, and what came of the last one; null: none yet. */
  readonly attempts: number
  readonly disposition: string | null
  /** The time at which the person asked to be called; null: at none. */
  readonly callbackAt: Date | null
  /** The place of its number (table `places`), and the key of that place. */
  readonly place: number
  readonly key: string
  readonly begunAt: Date
  /** The agent may look so long. */
  readonly until: Date
  /** The lead is kept for the preview so long. */
  readonly heldUntil: Date
  /** What the agent has said; null: nothing yet. */
  readonly said: 'call' | 'skip' | null
  readonly reason: string | null
  /** False: the lead was removed from its list, or its claim is no longer that of this preview. */
  readonly isHeld: boolean
}

/** The open previews of a campaign (by its id), or of an agent, oldest first. */
export async function openPreviews(
  sql: Queries,
  of: { readonly campaign: string } | { readonly agent: string },
): Promise<PreviewRow[]> {
  const whose = 'campaign' in of ? sql`p.campaign_id = ${of.campaign}` : sql`p.agent = ${of.agent}`
  return sql<PreviewRow[]>`
    select p.id, c.name as campaign, c.call_settings as calls, p.agent, p.lead_id as lead, p.phone, l.fields, l.attempts, l.disposition,
      l.callback_at as "callbackAt", l.place, places.key, p.begun_at as "begunAt", p.until, p.held_until as "heldUntil", p.said, p.reason,
      l.state = 'claimed' and l.claimed_until = p.held_until and l.removed_at is null as "isHeld"
    from previews p join leads l on l.id = p.lead_id join campaigns c on c.id = p.campaign_id join places on places.id = l.place
    where ${whose} and p.ended_at is null order by p.begun_at, p.id`
}

/** Writes what the agent says of the lead; the first word counts. False when the preview has one, or has ended. */
export async function sayPreview(
  sql: Queries,
  id: string,
  said: 'call' | 'skip',
  reason: string | null = null,
): Promise<boolean> {
  const rows = await sql`
    update previews set said = ${said}, reason = ${reason} where id = ${id} and ended_at is null and said is null`
  return rows.count > 0
}

/**
 * Ends a preview, or all open ones of these agents (at least one), whose leads are not called, and gives the leads back
 * in the same statement: ready at `again`, ms since the epoch; null: with the place that they had. No attempt is used
 * up. `unsaid`: only if the agent has said nothing. Resolves with the number of previews that it has ended.
 */
export async function endPreviews(
  sql: Queries,
  which: { readonly id: string; readonly unsaid: boolean } | { readonly agents: readonly string[] },
  { how, again }: { readonly how: Exclude<PreviewEnd, 'called'>; readonly again: number | null },
  now: number,
): Promise<number> {
  const these =
    'id' in which
      ? sql`id = ${which.id} ${which.unsaid ? sql`and said is null` : sql``}`
      : sql`agent in ${sql(which.agents)}`
  const [row] = await sql<[{ n: number }]>`
    with ended as (
      update previews set ended_at = ${new Date(now)}, how = ${how} where ${these} and ended_at is null returning lead_id, held_until
    ), given_back as (
      update leads l set state = 'ready', claimed_until = null, claimed_by = null, updated_at = ${new Date(now)},
        next_at = coalesce(${again === null ? null : new Date(again)}::timestamptz, l.next_at)
      from ended e where l.id = e.lead_id and l.id = any (array(select lead_id from ended)) and l.state = 'claimed' and l.claimed_until = e.held_until
    )
    select count(*) as n from ended`
  return row.n
}

/** The agent who looks at a lead now; null: nobody does. */
export async function whoLooks(
  sql: Queries,
  lead: number,
): Promise<{ readonly agent: string; readonly until: Date } | null> {
  const [row] = await sql<{ agent: string; until: Date }[]>`
    select agent, until from previews where lead_id = ${lead} and ended_at is null`
  return row ?? null
}

/** Which of these previews have become attempts, whichever node writes them. */
export async function calledPreviews(sql: Queries, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await sql<{ id: string }[]>`select id from attempts where id = any (${ids as string[]}::uuid[])`
  return new Set(rows.map(({ id }) => id))
}

/** The previews of one agent that ended in a window. */
export interface PreviewSums {
  readonly agent: string
  readonly called: number
  readonly skipped: number
  readonly timedOut: number
  readonly agentLeft: number
  readonly withdrawn: number
  /** From the begin to the end of those that the agent has called or skipped, in milliseconds. */
  readonly lookMs: number
}

/** One row for each agent of a campaign, by name; the definitions are in docs/figures.md. */
export async function previewSums(
  sql: Queries,
  campaign: string,
  { from, to }: Pick<Window, 'from' | 'to'>,
): Promise<PreviewSums[]> {
  return sql<PreviewSums[]>`
    select agent, count(*) filter (where how = 'called')::integer as called, count(*) filter (where how = 'skipped')::integer as skipped,
      count(*) filter (where how = 'timed-out')::integer as "timedOut", count(*) filter (where how = 'agent-left')::integer as "agentLeft",
      count(*) filter (where how = 'withdrawn')::integer as withdrawn,
      coalesce(sum(extract(epoch from ended_at - begun_at) * 1000) filter (where how in ('called', 'skipped')), 0)::bigint as "lookMs"
    from previews where campaign_id = ${campaign} and ended_at >= ${time(from)} and ended_at < ${time(to)} group by agent order by agent`
}

/** The number of a campaign's previews by their end; 'open': an agent looks now. Kept by triggers, not counted. */
export const countPreviews = (sql: Queries, campaign: string): Promise<Map<string, number>> =>
  keptFigures(sql, campaign, 'preview')
