/**
 * Queries of the tables `leads` and `opt_outs`: whom a campaign calls, and numbers that must not be called.
 *
 *   ready     may be claimed from `next_at` on
 *   claimed   a node calls it, until `claimed_until` at the latest
 *   done      is not called again
 *
 * Used by the campaign code and the status line.
 */
import { keptFigures } from './figures.ts'
import type { Queries, Transaction } from './sql.ts'

export interface LeadRow {
  readonly id: number
  readonly phone: string
  /** The other columns of the list, by name. */
  readonly fields: Readonly<Record<string, string>>
  readonly state: 'ready' | 'claimed' | 'done'
  /** Attempts that count. A local refusal of FreeSWITCH does not. */
  readonly attempts: number
  readonly nextAt: Date
  readonly disposition: string | null
  /** Higher is called first. */
  readonly priority: number
  /** When somebody took it from the list; it stays while its attempts count. Null: it is on the list. */
  readonly removedAt: Date | null
}

/** A lead and what its last attempt was. */
export interface ListedLead extends LeadRow {
  readonly lastAttemptAt: Date | null
  /** Who talked in it. */
  readonly agent: string | null
}

export interface LeadFilter {
  readonly state?: LeadRow['state'] | undefined
  readonly disposition?: string | undefined
  /** With and without its +. */
  readonly phone?: string | undefined
}

export interface Claim {
  readonly campaign: string
  readonly node: string
  readonly gateway: string
  /** Core-UUID of the switch that dials. */
  readonly core: string
  readonly now: number
  /** When the claim expires, ms since the epoch. */
  readonly until: number
  /** Uuids for the attempts and their legs; at most so many leads are claimed. */
  readonly ids: readonly string[]
}

export interface Claimed {
  readonly attempt: string
  readonly lead: number
  readonly phone: string
}

/**
 * The number of a row of `table` with and without its plus. For an opt-out both are the same person: a spreadsheet
 * takes the plus away. Both are looked up in the index.
 */
const bothSpellings = (sql: Queries, table: string) =>
  sql`(ltrim(${sql(table)}.phone, '+'), '+' || ltrim(${sql(table)}.phone, '+'))`

/** The same for a number in hand. */
const spellings = (phone: string): readonly string[] => [phone.replace(/^\+/, ''), `+${phone.replace(/^\+/, '')}`]

/**
 * Claims due leads and writes their attempts, in one statement. After the commit, a row tells which lead was to be
 * called with which uuid, even when the node dies. Claims nothing when the campaign is not running.
 */
export async function claimLeads(
  sql: Queries,
  { campaign, node, gateway, core, now, until, ids }: Claim,
): Promise<Claimed[]> {
  const at = new Date(now)
  return sql<Claimed[]>`
    with picked as (
      select id from leads l
      where campaign_id = ${campaign} and state = 'ready' and next_at <= ${at}
        and exists (select 1 from campaigns where id = ${campaign} and state = 'running')
        -- offset 0: asked for each lead in the order of the claim; as a join it would first sort all leads that are due
        and not exists (select 1 from opt_outs o where o.phone in ${bothSpellings(sql, 'l')} offset 0)
      order by priority desc, next_at, id limit ${ids.length} for update skip locked
    ), taken as (
      update leads set state = 'claimed', claimed_until = ${new Date(until)}, claimed_by = ${node}, updated_at = ${at}
      where id = any (array(select id from picked)) returning id, phone -- each by its key
    ), numbered as (
      select id, phone, row_number() over (order by id) as position from taken
    ), written as (
      insert into attempts (id, campaign_id, lead_id, node, gateway, switch_core, intended_at)
      select (${ids as string[]}::uuid[])[position], ${campaign}, id, ${node}, ${gateway}, ${core}, ${at} from numbered
      on conflict (lead_id) where state <> 'ended' do nothing  -- never a second one; the claim runs out by itself
      returning id, lead_id
    )
    select written.id as attempt, lead_id as lead, phone from written join numbered on numbered.id = lead_id order by lead_id`
}

export interface Due {
  readonly ready: number
  readonly nextAt: number | null
  readonly expiresAt: number | null
}

/**
 * Leads that are due now (counted up to `upTo`), the time when the next lead becomes due, and the time when the next
 * claim expires.
 */
export async function dueLeads(sql: Queries, campaign: string, now: number, upTo: number): Promise<Due> {
  const at = new Date(now)
  const [row] = await sql<[{ ready: number; nextAt: Date | null; expiresAt: Date | null }]>`
    select
      (select count(*) from (
        select 1 from leads where campaign_id = ${campaign} and state = 'ready' and next_at <= ${at} order by next_at limit ${upTo}) due) as ready,
      (select min(next_at) from leads where campaign_id = ${campaign} and state = 'ready' and next_at > ${at}) as "nextAt",
      (select min(claimed_until) from leads where campaign_id = ${campaign} and state = 'claimed') as "expiresAt"`
  return { ready: row.ready, nextAt: row.nextAt?.getTime() ?? null, expiresAt: row.expiresAt?.getTime() ?? null }
}

const columns = (sql: Queries) =>
  sql`l.id, l.phone, l.fields, l.state, l.attempts, l.next_at as "nextAt", l.disposition, l.priority, l.removed_at as "removedAt"`

/** The lead of an attempt: it exists as long as the attempt does. */
export async function leadWithId(sql: Queries, id: number): Promise<LeadRow> {
  const [row] = await sql<[LeadRow]>`select ${columns(sql)} from leads l where id = ${id}`
  return row
}

/** Like `leadWithId`, and locks the lead until the transaction ends. */
export async function lockLead(tx: Transaction, id: number): Promise<LeadRow> {
  const [row] = await tx<[LeadRow]>`select ${columns(tx)} from leads l where id = ${id} for update`
  return row
}

/** `limit` leads of a campaign after the lead `after`, in the order of their import. */
export async function leadsOf(
  sql: Queries,
  campaign: string,
  limit: number,
  after = 0,
  { state, disposition, phone }: LeadFilter = {},
): Promise<ListedLead[]> {
  return sql<ListedLead[]>`
    select ${columns(sql)}, a.intended_at as "lastAttemptAt", a.agent from leads l
    left join lateral (select intended_at, agent from attempts where lead_id = l.id order by intended_at desc limit 1) a on true
    where l.campaign_id = ${campaign} and l.id > ${after}
      ${state === undefined ? sql`` : sql`and l.state = ${state}`}
      ${disposition === undefined ? sql`` : sql`and l.disposition = ${disposition}`}
      ${phone === undefined ? sql`` : sql`and l.phone in ${sql(spellings(phone))}`}
    order by l.id limit ${limit}`
}

/** The names of the fields of a campaign's leads, in the order in which its lists brought them. Reads every lead. */
export async function fieldNames(sql: Queries, campaign: string): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select name from leads l, jsonb_object_keys(l.fields) as name where l.campaign_id = ${campaign}
    group by name order by min(l.id), length(name), name`
  return rows.map(row => row.name)
}

export interface LeadRelease {
  /** When the lead is called again, ms since the epoch; null: it is done. */
  readonly again: number | null
  readonly disposition: string | null
  /** True when it counts as an attempt. */
  readonly counts: boolean
  readonly now: number
}

/** Writes the result of one attempt to its lead. */
export async function releaseLead(
  sql: Queries,
  id: number,
  { again, disposition, counts, now }: LeadRelease,
): Promise<void> {
  await sql`
    update leads set state = ${again === null ? 'done' : 'ready'}, next_at = ${new Date(again ?? now)},
      claimed_until = null, claimed_by = null, attempts = attempts + ${counts ? 1 : 0},
      disposition = coalesce(${disposition}, disposition), updated_at = ${new Date(now)}
    where id = ${id}`
}

/** Extends the claim of a lead whose attempt still goes on. */
export async function prolongClaim(sql: Queries, lead: number, until: number): Promise<void> {
  await sql`update leads set claimed_until = ${new Date(until)} where id = ${lead} and state = 'claimed'`
}

/** Frees expired claims without an open attempt: nobody was called. Returns their number. */
export async function freeStaleClaims(sql: Queries, campaign: string, now: number): Promise<number> {
  const freed = await sql`
    update leads l set state = 'ready', claimed_until = null, claimed_by = null, updated_at = ${new Date(now)}
    where campaign_id = ${campaign} and state = 'claimed' and claimed_until <= ${new Date(now)}
      and not exists (select 1 from attempts a where a.lead_id = l.id and a.state <> 'ended')`
  return freed.count
}

/** The number of leads in each state, from figures kept by triggers (migrations/0002_growth.sql), not counted. */
export async function countLeads(sql: Queries, campaign: string): Promise<Record<LeadRow['state'], number>> {
  const figures = await keptFigures(sql, campaign, 'lead')
  return { ready: 0, claimed: 0, done: 0, ...Object.fromEntries(figures) }
}

/** Records that this number must not be called again, with or without its plus, and ends its ready leads everywhere. */
export async function optOut(sql: Queries, phone: string, source: string, now: number): Promise<void> {
  const at = new Date(now)
  await sql`insert into opt_outs (phone, at, source) values (${phone}, ${at}, ${source}) on conflict (phone) do nothing`
  await sql`
    update leads set state = 'done', disposition = 'opted-out', opted_out_at = ${at}, updated_at = ${at}
    where phone in ${sql(spellings(phone))} and state = 'ready'`
}

/**
 * Ends up to 50 due leads that opted out while their list was imported. Called when leads are due and none could be
 * claimed.
 */
export async function retireOptedOut(sql: Queries, campaign: string, now: number): Promise<void> {
  const at = new Date(now)
  await sql`
    with first as (
      select id from leads where campaign_id = ${campaign} and state = 'ready' and next_at <= ${at}
      order by next_at limit 50
    )
    update leads l set state = 'done', disposition = 'opted-out', updated_at = ${at}
    from first where l.id = first.id and l.state = 'ready'
      and exists (select 1 from opt_outs o where o.phone in ${bothSpellings(sql, 'l')})`
}

export async function isOptedOut(sql: Queries, phone: string): Promise<boolean> {
  return (await sql`select 1 from opt_outs where phone in ${sql(spellings(phone))}`).length > 0
}
