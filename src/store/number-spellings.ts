/**
 * Numbers that were stored without a country code, and are read again when their country becomes known. Used by
 * campaign/read-again.ts.
 */
import type { Json, Queries } from './sql.ts'

/** Leads without a +, in any state, a page at a time. */
export async function leadsWithoutPlus(
  sql: Queries,
  campaign: string,
  after: number,
  limit: number,
): Promise<readonly { readonly id: number; readonly phone: string }[]> {
  return sql<{ id: number; phone: string }[]>`
    select id, phone from leads where campaign_id = ${campaign} and phone not like '+%' and id > ${after} order by id limit ${limit}`
}

/**
 * Writes these numbers to these leads. A lead whose number the campaign has already is taken from the list: it is the
 * same person.
 */
export async function respellLeads(
  sql: Queries,
  campaign: string,
  leads: readonly { readonly id: number; readonly phone: string }[],
  now: number,
): Promise<void> {
  const at = new Date(now)
  const phones = sql.json(Object.fromEntries(leads.map(({ id, phone }) => [id, phone])))
  // each by its key: a join would read the whole table
  await sql`
    with r as materialized (select key::bigint as id, value as phone from jsonb_each_text(${phones})),
    fresh as (
      select distinct on (phone) id, phone from r
      where not exists (select 1 from leads l where l.campaign_id = ${campaign} and l.phone = r.phone offset 0) order by phone, id
    ), written as (
      update leads set phone = ${phones}::jsonb ->> id::text, updated_at = ${at},
        place = case state when 'claimed' then place else 0 end -- another number may be elsewhere
      where id = any (array(select id from fresh)) returning id
    )
    update leads set removed_at = ${at}, state = case when state = 'ready' then 'done' else state end, updated_at = ${at}
    where id = any (array(select id from r where id not in (select id from written)))`
}

/** Opt-outs without a +, in the order of their numbers, a page at a time. */
export async function optOutsWithoutPlus(sql: Queries, after: string, limit: number): Promise<readonly string[]> {
  const rows = await sql<{ phone: string }[]>`
    select phone from opt_outs where phone not like '+%' and phone > ${after} order by phone limit ${limit}`
  return rows.map(row => row.phone)
}

/** The opt-out of `written` counts for `phone` too, and ends its leads that are ready. */
export async function respellOptOuts(
  sql: Queries,
  numbers: readonly { readonly written: string; readonly phone: string }[],
  now: number,
): Promise<void> {
  const at = new Date(now)
  await sql`
    with r as materialized (select * from jsonb_to_recordset(${sql.json(numbers as unknown as Json)}) as r (written text, phone text)),
    added as (
      insert into opt_outs (phone, at, source)
      select r.phone, o.at, o.source from r
      cross join lateral (select at, source from opt_outs where phone = r.written limit 1) o -- each by its key
      on conflict (phone) do nothing returning phone
    )
    update leads set state = 'done', disposition = 'opted-out', opted_out_at = ${at}, updated_at = ${at}
    where phone = any (array(select phone from added)) and state = 'ready'`
}
