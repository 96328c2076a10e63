/**
 * Queries of the numbers that must not be called: `opt_outs` (no campaign calls them) and `do_not_call` (one campaign
 * does not, or nobody calls a number that begins so). Every claim of a lead looks at both (claims.ts).
 */
import type { Queries } from './sql.ts'

/** A number with and without its plus: the same person, because a spreadsheet takes the plus away. */
const spellings = (phone: string): readonly string[] => [phone.replace(/^\+/, ''), `+${phone.replace(/^\+/, '')}`]

/** Whole numbers and prefixes that hold for a number. */
const startsOf = (phone: string): string[] =>
  spellings(phone).flatMap(spelling => Array.from(spelling, (_, at) => spelling.slice(0, at + 1)))

export interface DoNotCall {
  /** A whole number, or the first digits of numbers. */
  readonly number: string
  readonly prefix: boolean
  /** The name of the campaign that does not call it; null: none does. */
  readonly campaign: string | null
  /** Who said so: 'flow' (the person, by a key), 'import', 'supervisor', or the words of a program. */
  readonly source: string
  readonly note: string
  readonly at: Date
}

/**
 * Records that no campaign may call this number again, with or without its plus, and ends its ready leads. The first
 * entry stays.
 */
export async function optOut(sql: Queries, phone: string, source: string, now: number, note = ''): Promise<void> {
  const at = new Date(now)
  await sql`
    insert into opt_outs (phone, at, source, note) values (${phone}, ${at}, ${source}, ${note}) on conflict (phone) do nothing`
  await sql`
    update leads set state = 'done', disposition = 'opted-out', opted_out_at = ${at}, updated_at = ${at}
    where state = 'ready' and id = any (array(
      select id from leads where phone in ${sql(spellings(phone))} and state <> 'done'
      union all select lead_id from lead_numbers where phone in ${sql(spellings(phone))}))`
}

export type NewDoNotCall = Pick<DoNotCall, 'number' | 'prefix' | 'source' | 'note'> & {
  /** The id of the campaign. */
  readonly campaign: string | null
}

/** Adds entries for one campaign, or prefixes; an entry that is there already stays. Returns how many are new. */
export async function addDoNotCall(sql: Queries, entries: readonly NewDoNotCall[], now: number): Promise<number> {
  const rows = await sql`
    insert into do_not_call (campaign_id, number, prefix, source, note, at)
    select campaign, number, prefix, source, note, ${new Date(now)} from
      jsonb_to_recordset(${sql.json(entries.map(entry => ({ ...entry })))})
        as e (campaign uuid, number text, prefix boolean, source text, note text)
    order by campaign, number on conflict do nothing`
  return rows.count
}

/** Adds whole numbers that no campaign calls, for a list: their leads are ended when they are due. */
export async function addOptOuts(
  sql: Queries,
  phones: readonly string[],
  source: string,
  note: string,
  now: number,
): Promise<number> {
  const rows = await sql`
    insert into opt_outs (phone, at, source, note)
    select distinct phone, ${new Date(now)}::timestamptz, ${source}, ${note} from jsonb_array_elements_text(${sql.json([...phones])}) as phone
    order by phone on conflict (phone) do nothing`
  return rows.count
}

/** Removes an entry. False when there is none. `campaign`: its id; null: the entry for all campaigns. */
export async function removeDoNotCall(
  sql: Queries,
  { number, prefix, campaign }: Pick<NewDoNotCall, 'number' | 'prefix' | 'campaign'>,
): Promise<boolean> {
  const gone =
    campaign === null && !prefix
      ? await sql`delete from opt_outs where phone = ${number}`
      : await sql`
          delete from do_not_call where number = ${number} and prefix = ${prefix}
            and coalesce(campaign_id, '00000000-0000-0000-0000-000000000000') = coalesce(${campaign}::uuid, '00000000-0000-0000-0000-000000000000')`
  return gone.count > 0
}

/** Entries about this number, or the first `limit` after the number `after`, by number. */
export async function doNotCallEntries(
  sql: Queries,
  {
    about,
    after = '',
    limit,
  }: { readonly about?: string | undefined; readonly after?: string; readonly limit: number },
): Promise<DoNotCall[]> {
  const own = about === undefined ? sql`o.phone > ${after}` : sql`o.phone in ${sql(spellings(about))}`
  const more =
    about === undefined
      ? sql`d.number > ${after}`
      : sql`d.number in ${sql(startsOf(about))} and (d.prefix or d.number in ${sql(spellings(about))})`
  return sql<DoNotCall[]>`
    (select o.phone as number, false as prefix, null as campaign, o.source, o.note, o.at from opt_outs o where ${own} order by o.phone limit ${limit})
    union all
    (select d.number, d.prefix, c.name, d.source, d.note, d.at from do_not_call d left join campaigns c on c.id = d.campaign_id
      where ${more} order by d.number limit ${limit})
    order by number, campaign nulls first limit ${limit}`
}

/** True when this campaign must not call this number. */
export async function mustNotBeCalled(sql: Queries, campaign: string, phone: string): Promise<boolean> {
  const found = await sql`
    select 1 from opt_outs where phone in ${sql(spellings(phone))} union all
    select 1 from do_not_call d where d.number in ${sql(startsOf(phone))}
      and (d.prefix or d.number in ${sql(spellings(phone))}) and (d.campaign_id is null or d.campaign_id = ${campaign}) limit 1`
  return found.length > 0
}

export async function isOptedOut(sql: Queries, phone: string): Promise<boolean> {
  return (await sql`select 1 from opt_outs where phone in ${sql(spellings(phone))}`).length > 0
}
