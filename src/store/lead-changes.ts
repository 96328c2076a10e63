/** Changes of leads that people and programs ask for, safe while the campaign calls. Used by the commands for leads. */
import type { Json, Queries, Transaction } from './sql.ts'

export interface LeadChange {
  /** Added to the fields that the lead has. */
  readonly fields?: Readonly<Record<string, string>> | undefined
  readonly priority?: number | undefined
  readonly nextAt?: number | undefined
}

/** False, and nothing has changed: the change has a time for the next call, and the lead is not ready. */
export async function changeLead(
  sql: Queries,
  id: number,
  { fields = {}, priority, nextAt }: LeadChange,
  now: number,
): Promise<boolean> {
  const next = nextAt === undefined ? null : new Date(nextAt)
  const rows = await sql`
    update leads set fields = fields || ${sql.json(fields as Json)}, priority = coalesce(${priority ?? null}, priority),
      next_at = coalesce(${next}, next_at), updated_at = ${new Date(now)},
      place = case when state = 'ready' and current_number = 0 then 0 else place end -- a column may tell another time zone
    where id = ${id} and (${next}::timestamptz is null or state = 'ready')`
  return rows.count > 0
}

/**
 * Takes a lead from the list. A lead without attempts is deleted; one with attempts stays, done for ever, because they
 * count. `after-attempt`: it is called in this moment, and is removed when that attempt ends. Null: it is gone.
 */
export async function removeLead(
  tx: Transaction,
  id: number,
  now: number,
): Promise<'removed' | 'after-attempt' | null> {
  const at = new Date(now)
  const [lead] = await tx<{ state: string }[]>`select state from leads where id = ${id} for update`
  if (!lead) return null
  if (lead.state !== 'claimed') {
    const gone = await tx`
      delete from leads where id = ${id} and not exists (select 1 from attempts a where a.lead_id = ${id})`
    if (gone.count > 0) return 'removed'
  }
  await tx`
    update leads set removed_at = ${at}, updated_at = ${at}, state = case state when 'ready' then 'done' else state end
    where id = ${id}`
  return lead.state === 'claimed' ? 'after-attempt' : 'removed'
}

export interface Recycling {
  readonly campaign: string
  /** Leads whose last disposition is one of these. */
  readonly dispositions: readonly string[]
  /** When they may be called, ms since the epoch. */
  readonly nextAt: number
  /** Only leads after this id. */
  readonly after: number
  readonly limit: number
  readonly now: number
}

export interface Recycled {
  readonly id: number
  readonly disposition: string
  /** False: it has opted out, or somebody changed it in this moment. */
  readonly recycled: boolean
}

/**
 * Makes the next `limit` done leads with these dispositions ready again, with no attempt used. Never a lead that was
 * removed or that opted out: those are in the answer too, and stay as they are.
 */
export async function recycleLeads(
  sql: Queries,
  { campaign, dispositions, nextAt, after, limit, now }: Recycling,
): Promise<readonly Recycled[]> {
  return sql<Recycled[]>`
    with page as (
      select l.id, l.disposition, (l.opted_out_at is not null or l.disposition in ('opted-out', 'do-not-call') or exists (
        select 1 from opt_outs o where o.phone in (ltrim(l.phone, '+'), '+' || ltrim(l.phone, '+')))) as "optedOut"
      from leads l
      where l.campaign_id = ${campaign} and l.id > ${after} and l.state = 'done' and l.removed_at is null
        and l.disposition in ${sql(dispositions)}
      order by l.id limit ${limit}
    ), changed as (
      update leads l set state = 'ready', attempts = 0, current_number = 0, place = 0, callback_at = null, callback_for = null, next_at = ${new Date(nextAt)}, updated_at = ${new Date(now)}
      from page where l.id = page.id and not page."optedOut" and l.state = 'done' returning l.id
    )
    select page.id, page.disposition, changed.id is not null as recycled
    from page left join changed on changed.id = page.id order by page.id`
}
