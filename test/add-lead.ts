/** One lead of a campaign, without the import of a list. */
import type { Queries } from '../src/store/sql.ts'

/** The lead is due at `now`. Changes nothing when the campaign has that number already, or when it opted out. */
export async function addLead(sql: Queries, campaign: string, phone: string, now: number): Promise<void> {
  const at = new Date(now)
  await sql`
    insert into leads (campaign_id, phone, fields, next_at, created_at, updated_at)
    select ${campaign}, ${phone}, '{}', ${at}, ${at}, ${at}
    where not exists (select 1 from opt_outs where phone = ${phone}) on conflict (campaign_id, phone) do nothing`
}
