/** Queries of the table `lead_numbers`: the numbers of leads that have several. Used by campaign/settle-attempt.ts. */
import type { LeadRow } from './leads.ts'
import type { Queries } from './sql.ts'

export interface LeadNumber {
  /** 0: the number by which the lead stands in its list. */
  readonly position: number
  readonly phone: string
  /** Table `places`. */
  readonly place: number
  /** Calls that count. */
  readonly attempts: number
  /** Is not called again. */
  readonly closed: boolean
}

/** The numbers of a lead in the order in which they are called; one for most leads. */
export async function numbersOf(
  sql: Queries,
  lead: Pick<LeadRow, 'id' | 'phone' | 'place' | 'attempts' | 'currentNumber'>,
): Promise<LeadNumber[]> {
  const rows = await sql<LeadNumber[]>`
    select position, phone, place, attempts, closed from lead_numbers where lead_id = ${lead.id} order by position`
  if (rows.some(row => row.position === 0)) return [...rows]
  const others = rows.reduce((sum, row) => sum + row.attempts, 0)
  const { phone, place, attempts } = lead
  return [{ position: 0, phone, place, attempts: attempts - others, closed: false }, ...rows]
}

/** One more call to a number of a lead that has several; `closed`: the last one. */
export async function saveNumber(
  sql: Queries,
  lead: number,
  { position, phone, place, attempts, closed }: LeadNumber,
): Promise<void> {
  await sql`
    insert into lead_numbers (lead_id, position, phone, place, attempts, closed)
    values (${lead}, ${position}, ${phone}, ${place}, ${attempts}, ${closed})
    on conflict (lead_id, position) do update set attempts = excluded.attempts, closed = excluded.closed`
}

/** How many calls to this number of the lead have ended so. */
export async function countEnds(sql: Queries, lead: number, phone: string, end: string): Promise<number> {
  const [row] = await sql<[{ n: number }]>`
    select count(*) as n from attempts where lead_id = ${lead} and coalesce(agent_disposition, disposition) = ${end} and coalesce(phone, ${phone}) = ${phone}`
  return row.n
}
