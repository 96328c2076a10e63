/** Queries of the table `holidays`: dates on which some campaigns call nobody (campaign/calling-hours.ts). */
import type { Json, Queries } from './sql.ts'

export interface Holiday {
  /** 'US', 'US-LA', 'GB', 'DE-BY'. */
  readonly region: string
  /** '2026-12-25'. */
  readonly date: string
  readonly name: string
}

/** All holidays from this date on, by date: some tens for each region and year. */
export async function holidaysFrom(sql: Queries, date: string): Promise<Holiday[]> {
  return sql<Holiday[]>`
    select region, to_char(date, 'YYYY-MM-DD') as date, name from holidays where date >= ${date}::text::date order by date, region`
}

/** Adds holidays; the name of one that is there is replaced. Returns how many dates are new. */
export async function saveHolidays(sql: Queries, holidays: readonly Holiday[]): Promise<number> {
  const rows = await sql<{ isNew: boolean }[]>`
    insert into holidays (region, date, name)
    select distinct on (region, date) region, date, name from jsonb_to_recordset(${sql.json(holidays as unknown as Json)}) as h (region text, date date, name text)
    on conflict (region, date) do update set name = excluded.name returning xmax = 0 as "isNew"`
  return rows.filter(row => row.isNew).length
}

/** False when there is no such holiday. */
export async function deleteHoliday(sql: Queries, region: string, date: string): Promise<boolean> {
  return (await sql`delete from holidays where region = ${region} and date = ${date}::text::date`).count > 0
}
