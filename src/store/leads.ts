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
import type { Json, Queries, Transaction } from './sql.ts'

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
  /** Which of its numbers is called next, and the place of that number (table `places`); 0: not looked at yet. */
  readonly currentNumber: number
  readonly place: number
  /** The time at which the person asked to be called; null: at none. */
  readonly callbackAt: Date | null
  /** The agent who promised that; null: any agent. */
  readonly callbackFor: string | null
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

/** When the next claim of a campaign expires, ms since the epoch; null: nobody is called. */
export async function nextExpiry(sql: Queries, campaign: string): Promise<number | null> {
  const [row] = await sql<[{ at: Date | null }]>`
    select min(claimed_until) as at from leads where campaign_id = ${campaign} and state = 'claimed'`
  return row.at?.getTime() ?? null
}

/** The same number with and without its plus: a spreadsheet takes the plus away. */
const spellings = (phone: string): readonly string[] => [phone.replace(/^\+/, ''), `+${phone.replace(/^\+/, '')}`]

const columns = (sql: Queries) => sql`
  l.id, l.phone, l.fields, l.state, l.attempts, l.next_at as "nextAt", l.disposition, l.priority, l.removed_at as "removedAt",
  l.current_number as "currentNumber", l.place, l.callback_at as "callbackAt", l.callback_for as "callbackFor"`

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

/** A lead, with what holds it. */
export interface HeldLead extends LeadRow {
  readonly claimedUntil: Date | null
  /** The node that calls it. */
  readonly claimedBy: string | null
  /** The key of its place, as campaign/place.ts writes it. */
  readonly key: string
}

/** The lead of a campaign with this number, which may be any of the numbers of the lead. */
export async function leadWithNumber(sql: Queries, campaign: string, phone: string): Promise<HeldLead | null> {
  const [row] = await sql<HeldLead[]>`
    select ${columns(sql)}, l.claimed_until as "claimedUntil", l.claimed_by as "claimedBy", (select key from places where places.id = l.place) as key
    from leads l where l.campaign_id = ${campaign} and l.id = any (array(
      select id from leads where campaign_id = ${campaign} and phone in ${sql(spellings(phone))}
      union all select lead_id from lead_numbers where phone in ${sql(spellings(phone))})) order by l.phone = ${phone} desc limit 1`
  return row ?? null
}

export interface LeadRelease {
  /** When the lead is called again, ms since the epoch; null: it is done. */
  readonly again: number | null
  readonly disposition: string | null
  /** True when it counts as an attempt. */
  readonly counts: boolean
  readonly now: number
  /** The number that is called next; absent: the same. */
  readonly number?: { readonly position: number; readonly place: number } | undefined
  /** The person has asked to be called at `again`, by this agent or by any; null: not so; absent: as before. */
  readonly callback?: { readonly agent: string | null } | null | undefined
  /** Is taken off the priority. */
  readonly behind?: number
}

/** Writes the result of one attempt to its lead. */
export async function releaseLead(
  sql: Queries,
  id: number,
  { again, disposition, counts, now, number, callback, behind = 0 }: LeadRelease,
): Promise<void> {
  const at = new Date(again ?? now)
  const promised =
    callback === undefined
      ? sql``
      : sql`callback_at = ${callback && at}::timestamptz, callback_for = ${callback?.agent ?? null}, `
  const next = number ? sql`current_number = ${number.position}, place = ${number.place}, ` : sql``
  await sql`
    update leads set ${promised} ${next} state = ${again === null ? 'done' : 'ready'}, next_at = ${at},
      claimed_until = null, claimed_by = null, attempts = attempts + ${counts ? 1 : 0}, priority = priority - ${behind}::int,
      disposition = coalesce(${disposition}, disposition), updated_at = ${new Date(now)}
    where id = ${id}`
}

/** Extends the claim of a lead whose attempt still goes on. */
export async function prolongClaim(sql: Queries, lead: number, until: number): Promise<void> {
  await sql`update leads set claimed_until = ${new Date(until)} where id = ${lead} and state = 'claimed'`
}

/** Frees expired claims without an open attempt, and ends their previews: nobody was called. Returns their number. */
export async function freeStaleClaims(sql: Queries, campaign: string, now: number): Promise<number> {
  const at = new Date(now)
  const [row] = await sql<[{ n: number }]>`
    with freed as (
      update leads l set state = 'ready', claimed_until = null, claimed_by = null, updated_at = ${at}
      where campaign_id = ${campaign} and state = 'claimed' and claimed_until <= ${at}
        and not exists (select 1 from attempts a where a.lead_id = l.id and a.state <> 'ended') returning id
    ), ended as (
      update previews p set ended_at = ${at}, how = 'withdrawn'
      where p.lead_id = any (array(select id from freed)) and p.ended_at is null
    )
    select count(*) as n from freed`
  return row.n
}

/** The number of leads in each state, from figures kept by triggers (migrations/0002_growth.sql), not counted. */
export async function countLeads(sql: Queries, campaign: string): Promise<Record<LeadRow['state'], number>> {
  const figures = await keptFigures(sql, campaign, 'lead')
  return { ready: 0, claimed: 0, done: 0, ...Object.fromEntries(figures) }
}

/** Why leads are done: their number by their last disposition, from kept figures (migrations/0027_done_leads.sql). */
export const countDone = (sql: Queries, campaign: string): Promise<Map<string, number>> =>
  keptFigures(sql, campaign, 'done')

export interface UnplacedLead {
  readonly id: number
  readonly phone: string
  readonly fields: Readonly<Record<string, string>>
}

/** Ready leads whose place is not known yet: they were not imported by a node of this version. */
export async function unplacedLeads(sql: Queries, campaign: string, limit: number): Promise<UnplacedLead[]> {
  return sql<UnplacedLead[]>`
    select id, phone, fields from leads where campaign_id = ${campaign} and state = 'ready' and callback_at is null and place = 0
    order by priority desc, next_at, id limit ${limit}`
}

export interface PlacedLead {
  readonly id: number
  /** As campaign/place.ts writes it. */
  readonly place: string
  readonly otherNumbers: readonly { readonly position: number; readonly phone: string; readonly place: string }[]
}

/** Writes the places of leads, and their further numbers. */
export async function placeLeads(tx: Transaction, leads: readonly PlacedLead[]): Promise<void> {
  const others = leads.flatMap(({ id, otherNumbers }) => otherNumbers.map(other => ({ id, ...other })))
  const given = (rows: readonly object[]) =>
    tx`jsonb_to_recordset(${tx.json(rows as unknown as Json)}) as g (id bigint, position smallint, phone text, place text)`
  await tx`
    insert into places (key) select distinct place from ${given([...leads.map(({ id, place }) => ({ id, place })), ...others])}
    where not exists (select 1 from places p where p.key = g.place) order by place on conflict (key) do nothing`
  await tx`
    update leads l set place = p.id from ${given(leads)} join places p on p.key = g.place
    where l.id = any (${leads.map(({ id }) => id)}::bigint[]) and l.id = g.id and l.place = 0`
  if (others.length === 0) return
  await tx`
    insert into lead_numbers (lead_id, position, phone, place)
    select g.id, g.position, g.phone, p.id from ${given(others)} join places p on p.key = g.place
    on conflict (lead_id, position) do nothing`
}
