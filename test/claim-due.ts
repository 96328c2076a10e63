/** Claims due leads of a campaign as a dialer does, without calling hours and limits. */
import { claimLeads, readyLines, type Claim, type Claimed } from '../src/store/claims.ts'
import type { Sql } from '../src/store/sql.ts'

type Given = Pick<Claim, 'campaign' | 'node' | 'gateway' | 'core' | 'now' | 'until' | 'ids'>

const UNLIMITED = {
  order: 'oldest',
  callbacks: [],
  limits: [],
  dayLimits: [],
  abandonedMs: 259_200_000,
  roundMs: 7_200_000,
} as const

/** The leads that were claimed: fewer than `ids` when the number of one must not be called now. */
export async function claimDue(sql: Sql, claim: Given): Promise<Claimed[]> {
  const lines = (await readyLines(sql, claim.campaign)).filter(line => line.nextAt <= claim.now)
  const priority = Math.max(...lines.map(line => line.priority))
  const places = lines.filter(line => line.priority === priority).map(line => line.place)
  return (
    await claimLeads(sql, {
      ...UNLIMITED,
      ...claim,
      looked: claim.ids.length,
      places,
      priority: lines.length > 0 ? priority : 0,
    })
  ).claimed
}

/** What `CallableLeads.due` says of a campaign without hours. */
export async function isDueAt(sql: Sql, campaign: string): Promise<number | null> {
  const lines = await readyLines(sql, campaign)
  return lines.length === 0 ? null : Math.min(...lines.map(line => line.nextAt))
}
