/**
 * How long the claim of leads takes beside a million of them, with calling hours on: the leads that are first in the
 * list are in places that are closed now. `make bench-leads` calls it.
 */
import { randomUUID } from 'node:crypto'
import { campaignFrom } from '../../../src/campaign/campaign.ts'
import { moveCampaign, putCampaign, type CampaignRow } from '../../../src/store/campaigns.ts'
import { claimLeads, readyLines, type Claim, type ReadyLine } from '../../../src/store/claims.ts'
import type { Sql } from '../../../src/store/sql.ts'

interface ClaimFigures {
  readonly leads: number
  readonly places: number
  /** Leads of each claim. */
  readonly each: number
  readonly claims: number
  /** Milliseconds of `claimLeads` alone, and with `readyLines` before it, as a turn of the dialer does it. */
  readonly p50: number
  readonly p99: number
  readonly turnP50: number
  readonly turnP99: number
}

const NOW = Date.UTC(2026, 10, 30, 15)
/** As many as a list of the whole United States has: states, and the zones in them. */
const PLACES = 80

/** Fills the database: `leads` leads in 80 places, the closed half of which is before the open one in the list. */
async function fillLeads(sql: Sql, leads: number): Promise<CampaignRow> {
  const draft = await putCampaign(
    sql,
    campaignFrom({ name: 'large', queue: 'sales', rules: 'us', numberLimits: [{ most: 3, withinMs: 86_400_000 }] }),
  )
  await sql.begin(
    async tx => {
      await tx`insert into places (id, key) overriding system value
        select 10000 + n, 'US-' || n || '|America/New_York' from generate_series(1, ${PLACES}::int) n`
      await tx`insert into leads (campaign_id, phone, fields, place, next_at)
        select ${draft.id}, '+1305' || (1000000 + n), jsonb_build_object('name', 'Person ' || n),
          10001 + case when n <= ${leads}::int / 2 then n % ${PLACES / 2}::int else ${PLACES / 2}::int + n % ${PLACES / 2}::int end,
          ${new Date(NOW - 3_600_000)}::timestamptz + n * interval '1 ms' from generate_series(1, ${leads}::int) n`
      await tx`insert into opt_outs (phone, source) select '+1305' || (1000000 + n * 50), 'import' from generate_series(1, ${leads}::int / 50) n`
    },
    { alone: true },
  )
  await sql.alone(async connection => void (await connection.unsafe('vacuum analyze leads, opt_outs, attempts')))
  return (await moveCampaign(sql, draft.id, ['draft'], 'running', NOW))!
}

/** The claim of a dialer whose second half of places is open. */
function claimOf(campaign: CampaignRow, lines: readonly ReadyLine[], each: number, now: number): Claim {
  const open = lines
    .filter(({ place }) => place > 10_000 + PLACES / 2)
    .sort((a, b) => a.nextAt - b.nextAt || a.first - b.first)
  return {
    campaign: campaign.id,
    node: 'bench',
    gateway: 'carrier',
    core: randomUUID(),
    now,
    until: now + 60_000,
    ids: Array.from({ length: each }, () => randomUUID()),
    looked: each,
    places: open.slice(0, each).map(({ place }) => place),
    priority: 0,
    order: campaign.order,
    callbacks: [],
    limits: campaign.numberLimits,
    dayLimits: open.slice(0, 10).map(({ place }) => ({ place, most: 3 })),
    abandonedMs: 72 * 3_600_000,
    roundMs: 7_200_000,
  }
}

/** `sql`: a database with all tables, of its own or not. */
export async function measureClosedPlaces(
  sql: Sql,
  { leads = 1_000_000, each = 100, claims = 300 } = {},
): Promise<ClaimFigures> {
  const campaign = await fillLeads(sql, leads)
  const times: number[] = []
  const turns: number[] = []
  for (let n = 0; n < claims; n++) {
    const began = performance.now()
    const lines = await readyLines(sql, campaign.id)
    const read = performance.now()
    const { claimed, putOff } = await claimLeads(sql, claimOf(campaign, lines, each, NOW + n * 1_000))
    const ended = performance.now()
    if (claimed.length + putOff !== each) throw new Error(`${claimed.length} claimed, ${putOff} put off, of ${each}`)
    times.push(ended - read)
    turns.push(ended - began)
  }
  const at = (part: number, of: readonly number[]) =>
    Math.round(of.slice().sort((a, b) => a - b)[Math.min(of.length - 1, Math.floor(of.length * part))]! * 100) / 100
  return {
    leads,
    places: PLACES,
    each,
    claims,
    p50: at(0.5, times),
    p99: at(0.99, times),
    turnP50: at(0.5, turns),
    turnP99: at(0.99, turns),
  }
}
