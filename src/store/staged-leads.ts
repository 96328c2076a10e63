/** The tables that a list goes through before its lines are leads. Used by the import of lists and by `lead.add`. */
import type { Json, Queries, Transaction } from './sql.ts'

/** A line of a list, or a lead that a program adds. */
export interface NewLead {
  readonly phone: string
  readonly fields: Readonly<Record<string, string>>
  /** Higher is called first; default 0. */
  readonly priority?: number | undefined
  /** Default: now. */
  readonly nextAt?: number | undefined
}

/** So many lines are added with one statement: the progress is seen, and no statement has a million rows of figures. */
const CHUNK = 50_000

const createStaging = (tx: Transaction) => tx`
  create temp table staging (line integer not null, phone text not null, fields jsonb not null, priority integer, next_at timestamptz,
    place text, others jsonb) on commit drop`

/** The table that COPY writes a list to before it is compared with the leads; dropped with the transaction. */
export async function openStaging(tx: Transaction) {
  await createStaging(tx)
  return tx`copy staging (line, phone, fields, place, priority, others) from stdin`.writable()
}

/** The same for leads in hand, at most some thousands. */
export async function stageLeads(tx: Transaction, leads: readonly NewLead[]): Promise<void> {
  await createStaging(tx)
  const rows = leads.map(({ phone, fields, priority, nextAt }, line) => ({
    ...{ line, phone, fields, priority },
    at: nextAt === undefined ? null : new Date(nextAt).toISOString(),
  }))
  await tx`
    insert into staging (line, phone, fields, priority, next_at)
    select line, phone, fields, priority, at from jsonb_to_recordset(${tx.json(rows as unknown as Json)})
      as r (line integer, phone text, fields jsonb, priority integer, at timestamptz)`
}

/** The other spelling of a number, with its plus or without it. */
const other = (tx: Queries) => tx`case when s.phone like '+%' then substr(s.phone, 2) else '+' || s.phone end`

export interface AddOptions {
  /** The leads are called in the order of a hash of their numbers; default: in that of the list. */
  readonly shuffled?: boolean
  /** Hears the lines that were looked at, and all lines. */
  readonly progress?: (done: number, all: number) => void
}

/**
 * Adds the staging table to the leads: of equal numbers the first line counts, opted-out numbers are left out. With and
 * without its plus a number is the same person.
 */
export async function addStaged(
  tx: Transaction,
  campaign: string,
  now: number,
  { shuffled = false, progress = () => {} }: AddOptions = {},
): Promise<{ added: number; optedOut: number }> {
  const at = new Date(now)
  await tx`analyze staging`
  let optedOut = 0
  for (const spelling of [tx`s.phone`, other(tx)])
    optedOut += (await tx`delete from staging s using opt_outs o where o.phone = ${spelling}`).count
  // the same person in both spellings: in the list, and in the campaign
  await tx`delete from staging s using staging p where s.phone not like '+%' and p.phone = '+' || s.phone`
  await tx`delete from staging s using leads l where l.campaign_id = ${campaign} and l.phone = ${other(tx)}`
  // whoever is on the list again after a removal starts anew; a removal that waits for the end of a call is off
  const again = await tx`
    update leads l set removed_at = null, fields = s.fields, updated_at = ${at}, disposition = null,
      state = case l.state when 'claimed' then 'claimed' else 'ready' end,
      attempts = case l.state when 'claimed' then l.attempts else 0 end, place = case l.state when 'claimed' then l.place else 0 end,
      current_number = case l.state when 'claimed' then l.current_number else 0 end, callback_at = null, callback_for = null,
      priority = coalesce(s.priority, 0), next_at = coalesce(s.next_at, ${at})
    from staging s where l.campaign_id = ${campaign} and l.phone = s.phone and l.removed_at is not null`
  await tx`create index on staging (line)`
  const [{ last, all }] = await tx<[{ last: number | null; all: number }]>`
    select max(line) as last, count(*) as all from staging`
  // lines without a place get theirs from the dialer
  await tx`
    insert into places (key)
    select key from (select place as key from staging where place is not null
      union select o ->> 'place' from staging, jsonb_array_elements(others) o) given
    where not exists (select 1 from places p where p.key = given.key) order by key on conflict (key) do nothing`
  const due = shuffled
    ? tx`${at}::timestamptz - abs(hashtext(s.phone)::bigint) % 3600000 * interval '1 ms'`
    : tx`${at}::timestamptz`
  let [added, seen] = [again.count, 0]
  for (let from = -1; last !== null && from < last; from += CHUNK) {
    const chunk = tx`s.line > ${from} and s.line <= ${from + CHUNK}`
    const rows = await tx`
      insert into leads (campaign_id, phone, fields, priority, next_at, created_at, updated_at, place)
      select ${campaign}, phone, fields, coalesce(priority, 0), coalesce(next_at, ${due}), ${at}, ${at}, coalesce(p.id, 0)
      from staging s left join places p on p.key = s.place
      where ${chunk} order by line on conflict (campaign_id, phone) do nothing`
    added += rows.count
    seen = Math.min(all, seen + CHUNK)
    progress(seen, all)
  }
  await tx`
    insert into lead_numbers (lead_id, position, phone, place)
    select l.id, o.position, o.phone, p.id from staging s
    cross join lateral jsonb_to_recordset(s.others) as o (position smallint, phone text, place text)
    join places p on p.key = o.place join leads l on l.campaign_id = ${campaign} and l.phone = s.phone
    where s.others <> '[]' on conflict (lead_id, position) do nothing`
  return { added, optedOut }
}
