/**
 * Claims due leads for a dialer: which of them are first, whether their numbers may be called, and their attempts, all
 * in one statement. Used by campaign/callable-leads.ts.
 *
 * The leads of a place (table `places`) and a priority are one line in the index leads_of_place. The first of each line
 * is found without reading the line (`readyLines`); the caller knows which places may be called now, and the claim
 * reads the first entries of their lines. So it reads about the leads that it takes, however many leads of closed
 * places are before them.
 *
 * In the mode preview a claim begins a preview instead of an attempt, and a later claim makes an attempt of it.
 */
import type { CallOrder, NumberLimit } from './campaigns.ts'
import { lastResults } from './lead-history.ts'
import { freeAgain, freeByPlace, numbers, type DayLimit } from './number-limits.ts'
import type { Queries } from './sql.ts'

/** The leads of one place with one priority that are not claimed and not done. */
export interface ReadyLine {
  readonly place: number
  /** As campaign/place.ts writes it; '': not looked at yet. */
  readonly key: string
  readonly priority: number
  /** When the first of them is due, ms since the epoch. */
  readonly nextAt: number
  /** The id of the first: of leads that are due at the same time, a lower id is first. */
  readonly first: number
}

/** The lines of a campaign; one index entry is read for each. */
export async function readyLines(sql: Queries, campaign: string): Promise<ReadyLine[]> {
  const ready = sql`campaign_id = ${campaign} and state = 'ready' and callback_at is null`
  const rows = await sql<{ place: number; key: string; priority: number; nextAt: Date; first: number }[]>`
    with recursive heads as (
      (select place, priority, next_at, id from leads where ${ready} order by place, priority desc, next_at, id limit 1)
      union all
      select next.place, next.priority, next.next_at, next.id from heads h cross join lateral (
        (select place, priority, next_at, id from leads where ${ready} and place = h.place and priority < h.priority
          order by priority desc, next_at, id limit 1)
        union all
        (select place, priority, next_at, id from leads where ${ready} and place > h.place
          order by place, priority desc, next_at, id limit 1)
        limit 1) next
    )
    select h.place, p.key, h.priority, h.next_at as "nextAt", h.id as first from heads h join places p on p.id = h.place`
  return rows.map(row => ({ ...row, nextAt: row.nextAt.getTime() }))
}

/** A person who has asked to be called at a time. */
export interface ReadyCallback {
  readonly lead: number
  readonly place: number
  readonly key: string
  readonly nextAt: number
  /** The agent who promised it; null: any agent. */
  readonly agent: string | null
}

/** The first `limit` callbacks of a campaign, in the order of their times. */
export async function readyCallbacks(sql: Queries, campaign: string, limit: number): Promise<ReadyCallback[]> {
  const rows = await sql<{ lead: number; place: number; key: string; nextAt: Date; agent: string | null }[]>`
    select l.id as lead, l.place, p.key, l.next_at as "nextAt", l.callback_for as agent from leads l join places p on p.id = l.place
    where l.campaign_id = ${campaign} and l.state = 'ready' and l.callback_at is not null order by l.next_at, l.id limit ${limit}`
  return rows.map(row => ({ ...row, nextAt: row.nextAt.getTime() }))
}

/** How many leads of these lines are due, counted up to `upTo`. */
export async function countDue(
  sql: Queries,
  campaign: string,
  lines: readonly Pick<ReadyLine, 'place' | 'priority'>[],
  now: number,
  upTo: number,
): Promise<number> {
  if (lines.length === 0) return 0
  const [row] = await sql<[{ n: number }]>`
    select count(*) as n from (
      select 1 from unnest(${numbers(lines.map(line => line.place))}::text::int[], ${numbers(lines.map(line => line.priority))}::text::int[]) as t (place, priority)
      cross join lateral (
        select 1 from leads where campaign_id = ${campaign} and place = t.place and priority = t.priority and state = 'ready'
          and callback_at is null and next_at <= ${new Date(now)} limit ${upTo}) due
      limit ${upTo}) counted`
  return row.n
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
  /** So many leads are looked at, at least one for each id: more of them, when the first ones must not be called. */
  readonly looked: number
  /** The lines whose first leads are claimed: places that may be called now, and one priority. */
  readonly places: readonly number[]
  readonly priority: number
  readonly order: CallOrder
  /** Callbacks that are due, each with the uuid of its attempt. */
  readonly callbacks: readonly { readonly lead: number; readonly id: string }[]
  readonly limits: readonly NumberLimit[]
  /** Most calls to a number within 24 hours, by the rules of its place. Other places have no such limit. */
  readonly dayLimits: readonly DayLimit[]
  /** A number at which a person was abandoned is not called for so long, by any campaign. */
  readonly abandonedMs: number
  /** The pause before a lead whose last number must not be called is called at its first one again. */
  readonly roundMs: number
  /** Open previews whose leads are called now: their ids are the uuids of the attempts. Absent: none. */
  readonly previewed?: readonly string[]
  /**
   * The leads get previews instead of attempts: each of the uuids has the agent who looks, until this time. Absent:
   * they are called.
   */
  readonly preview?: { readonly agents: ReadonlyMap<string, string>; readonly until: number }
}

export interface Claimed {
  readonly attempt: string
  readonly lead: number
  readonly phone: string
  /** Of the number: table `places`. */
  readonly place: number
  /** What became of the last calls to the number, as `lastResults` tells it; null: it was never called. */
  readonly before: string | null
}

/** A number that is called by another campaign in this moment is looked at again after this time. */
const CALLED_NOW_MS = 60_000
const DAY_MS = 86_400_000

/**
 * Claims due leads and writes their attempts, or their previews, in one statement. After the commit, a row tells which
 * lead was to be called with which uuid, even when the node dies. Claims nothing when the campaign is not running. A
 * lead of `previewed` is claimed already: its number is looked at again, and its preview ends.
 *
 * A lead whose number must not be called now is not claimed; the same statement puts it off until its number may be
 * called, or to its next number, or ends it. So fewer leads than `ids` may be claimed while more are due. `putOff`: how
 * many of them.
 */
export async function claimLeads(
  sql: Queries,
  claim: Claim,
): Promise<{ readonly claimed: Claimed[]; readonly putOff: number }> {
  const { campaign, node, now, until, ids, order, callbacks, limits, abandonedMs, roundMs } = claim
  const { previewed = [] } = claim
  const at = new Date(now)
  const ahead = order === 'newest' ? sql`next_at desc, id desc` : sql`next_at, id`
  const rows = await sql<(Omit<Claimed, 'attempt'> & { attempt: string | null })[]>`
    with first as (${firstLeads(sql, claim)}
    ), called_back as (
      select l.id, l.phone, l.place, l.current_number, l.next_at, w.attempt from unnest(${callbacks.map(one => one.lead)}::bigint[], ${callbacks.map(one => one.id)}::uuid[]) as w (lead, attempt)
      join leads l on l.id = w.lead
      where l.campaign_id = ${campaign} and l.state = 'ready' and l.callback_at is not null and l.next_at <= ${at}
        and exists (select 1 from campaigns where id = ${campaign} and state = 'running')
      for update of l skip locked
    ), ${previewed.length === 0 ? sql`` : sql`previewed as (${leadsLookedAt(sql, campaign, previewed)}), `}picked as (
      select c.id, c.attempt, c.next_at, c.place, c.current_number, case when c.current_number = 0 then c.phone
        else (select n.phone from lead_numbers n where n.lead_id = c.id and n.position = c.current_number) end as phone
      from (select id, phone, place, current_number, next_at, null::uuid as attempt from first union all select * from called_back
        ${previewed.length === 0 ? sql`` : sql`union all select * from previewed`}) c
    ), spelled as materialized (
      select p.*, array[ltrim(p.phone, '+'), '+' || ltrim(p.phone, '+')] as spellings,
        exists (select 1 from attempts a where a.phone = p.phone) as is_known from picked p
    ), prefix_lengths as materialized (
      with recursive lengths as (
        select min(length(number)) as n from do_not_call where prefix
        union all select (select min(length(number)) from do_not_call where prefix and length(number) > l.n) from lengths l where l.n is not null
      ) select n from lengths where n is not null
    ), judged as (
      select p.*, case when exists (select 1 from opt_outs o where o.phone = any (p.spellings)) then 'opted-out' when exists (
          select 1 from do_not_call d where d.number = any (p.spellings || array(select left(s, n) from unnest(p.spellings) s, prefix_lengths))
            and (d.prefix or d.number = any (p.spellings)) and (d.campaign_id is null or d.campaign_id = ${campaign})) then 'do-not-call' end as never,
        -- most numbers of a list were never called
        case when is_known then greatest(
          -- offset 0: the calls to this number, not those under way
          (select ${new Date(now + CALLED_NOW_MS)}::timestamptz from (select state from attempts where phone = p.phone offset 0) a
            where a.state <> 'ended' limit 1),
          (select max(a.ended_at) + ${abandonedMs} * interval '1 ms' from attempts a where a.phone = p.phone and a.disposition = 'abandoned'
            and a.intended_at > ${new Date(now - abandonedMs - DAY_MS)} and a.ended_at > ${new Date(now - abandonedMs)}),
          ${freeAgain(sql, limits, now)},
          ${freeByPlace(sql, claim.dayLimits, now)}) end as free_at
      from spelled p
    ), put_off as (
      -- arrays, so that PostgreSQL expects few rows and reads leads by their keys
      update leads l set next_at = case when j.never is null then j.free_at when next.position < j.current_number
          then ${new Date(now + roundMs)}::timestamptz else ${at} end,
        state = case when j.never is null or next.position is not null then 'ready' else 'done' end,
        disposition = case when j.never is null or next.position is not null then l.disposition else j.never end,
        current_number = coalesce(next.position, l.current_number), place = coalesce(next.place, l.place), updated_at = ${at},
        claimed_until = null, claimed_by = null
      from judged j left join lateral (
        select n.position, n.place from lead_numbers n
        where j.never is not null and n.lead_id = j.id and not n.closed and n.position <> j.current_number
        order by n.position > j.current_number desc, n.position limit 1) next on true
      where l.id = j.id and l.id = any (array(select id from judged where never is not null or free_at is not null)) returning l.id, j.phone
    ), closed_numbers as (
      insert into lead_numbers (lead_id, position, phone, place, closed)
      select j.id, j.current_number, j.phone, j.place, true from judged j
      where j.never is not null and exists (select 1 from lead_numbers n where n.lead_id = j.id)
      on conflict (lead_id, position) do update set closed = true
    ), taken as (
      update leads set state = 'claimed', claimed_until = ${new Date(until)}, claimed_by = ${node}, updated_at = ${at}
      where id = any (
          array(select id from judged where never is null and free_at is null and attempt is not null) ||
          array(select id from judged where never is null and free_at is null and attempt is null order by ${ahead} limit ${ids.length}))
      returning id
    ), numbered as (
      select id, phone, coalesce(attempt, (${ids as string[]}::uuid[])[row_number() over (partition by attempt is null order by id)]) as attempt
      from taken join judged using (id)
    ), ${previewed.length === 0 ? sql`` : sql`looked_at as (${previewsEnded(sql, now)}), `}written as (
      ${written(sql, claim)}
      on conflict do nothing  -- never a second one for a lead or a number; the claim runs out by itself
      returning id, lead_id, phone
    )
    select w.id as attempt, w.lead_id as lead, w.phone, j.place, case when j.is_known then ${lastResults(sql, sql`w.phone`, sql`${at}::timestamptz`)} end as before
    from written w join judged j on j.id = w.lead_id union all select null, id, phone, 0, null from put_off order by lead`
  const claimed = rows.flatMap(({ attempt, ...row }) => (attempt === null ? [] : [{ attempt, ...row }]))
  return { claimed, putOff: rows.length - claimed.length }
}

/** The rows that the claim writes for the leads in `numbered`. */
function written(sql: Queries, { campaign, node, gateway, core, now, until, preview }: Claim) {
  const at = new Date(now)
  if (!preview)
    return sql`
      insert into attempts (id, campaign_id, lead_id, node, gateway, switch_core, intended_at, phone)
      select attempt, ${campaign}, id, ${node}, ${gateway}, ${core}, ${at}::timestamptz, phone from numbered`
  const agents = sql.json([...preview.agents].map(([id, agent]) => ({ id, agent })))
  return sql`
      insert into previews (id, campaign_id, lead_id, phone, agent, begun_at, until, held_until)
      select n.attempt, ${campaign}, n.id, n.phone, w.agent, ${at}::timestamptz, ${new Date(preview.until)}::timestamptz, ${new Date(until)}::timestamptz
      from numbered n join jsonb_to_recordset(${agents}) as w (id uuid, agent text) on w.id = n.attempt`
}

/** The leads of open previews, locked. */
function leadsLookedAt(sql: Queries, campaign: string, previewed: readonly string[]) {
  return sql`
      select l.id, l.phone, l.place, l.current_number, l.next_at, p.id as attempt from previews p join leads l on l.id = p.lead_id
      where p.id = any (${previewed as string[]}::uuid[]) and p.campaign_id = ${campaign} and p.ended_at is null and p.said is distinct from 'skip'
        and l.state = 'claimed' and l.claimed_until = p.held_until and l.removed_at is null
        and exists (select 1 from campaigns where id = ${campaign} and state = 'running')
      for update of p, l skip locked`
}

/** Their previews end: the lead is called, or must not be called. */
function previewsEnded(sql: Queries, now: number) {
  return sql`
      update previews p set ended_at = ${new Date(now)},
        how = case when j.never is null and j.free_at is null then 'called' else 'withdrawn' end
      from judged j where p.id = j.attempt and p.id = any (array(select attempt from judged))`
}

/** Leads that somebody else has locked are passed over, up to so many. */
const SPARE = 200
/** Index entries that are read for a claim; so many, or twice the leads that are wanted. */
const READ = 1_000

/**
 * The first leads of the open places, locked. Of each place so many index entries are read that the first leads of all
 * are among them; with very many leads and places at once, nearly the first. A merge of one scan for each place would
 * be exact, and took PostgreSQL ten times as long to plan as to run.
 */
function firstLeads(sql: Queries, { campaign, now, looked, places, priority, order }: Claim) {
  const [window, many] = [looked + SPARE, Math.max(1, places.length)]
  const each = Math.min(window, Math.max(Math.ceil((2 * window) / many), Math.floor(READ / many)))
  const ahead = order === 'newest' ? sql`desc` : sql``
  return sql`
      select l.id, l.phone, l.place, l.current_number, l.next_at from leads l
      where l.id = any (array(
          select c.id from unnest(${numbers(places)}::text::int[]) as t (place) cross join lateral (
            select id, next_at from leads where campaign_id = ${campaign} and place = t.place and priority = ${priority} and state = 'ready'
              and callback_at is null and next_at <= ${new Date(now)} order by next_at ${ahead}, id ${ahead} limit ${each}) c
          order by c.next_at ${ahead}, c.id ${ahead} limit ${window}))
        and l.state = 'ready' and l.callback_at is null and l.next_at <= ${new Date(now)}
        and exists (select 1 from campaigns where id = ${campaign} and state = 'running')
      order by l.next_at ${ahead}, l.id ${ahead} limit ${looked} for update of l skip locked`
}
