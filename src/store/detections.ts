/** What the detection of answering machines has heard, counted over attempts. Used by campaign/detection.ts. */
import type { Queries } from './sql.ts'

export interface HeardCount {
  readonly heard: string
  readonly why: string | null
  /** The last word of an agent, else that of the flow; of an own word of the campaign, that as which it behaves. */
  readonly disposition: string | null
  /** The call was given to an agent. */
  readonly byAgent: boolean
  readonly count: number
  /** Attempts of which the time until the verdict is known, and the sum of these times in milliseconds. */
  readonly timed: number
  readonly ms: number
}

/** The attempts of a campaign that ended in the window. Reads the index attempts_of_campaign. */
export async function countHeard(
  sql: Queries,
  campaign: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<HeardCount[]> {
  return sql<HeardCount[]>`
    select a.amd as heard, a.amd_reason as why, coalesce(d.behaves_as, a.agent_disposition, a.disposition) as disposition,
      a.agent is not null as "byAgent", count(*)::integer as count,
      count(a.amd_ms)::integer as timed, coalesce(sum(a.amd_ms), 0)::float8 as ms
    from attempts a left join campaign_dispositions d on d.campaign_id = a.campaign_id and d.name = a.agent_disposition
    where a.campaign_id = ${campaign} and a.ended_at >= ${new Date(from)} and a.ended_at < ${new Date(to)} and a.amd is not null
    group by 1, 2, 3, 4`
}
