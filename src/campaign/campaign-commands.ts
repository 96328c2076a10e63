/**
 * A supervisor's commands for a campaign: define it, add leads, start, pause, stop. They need PostgreSQL and Redis, but
 * no node that dials.
 */
import { InputError, NotFoundError } from '../base/errors.ts'
import { campaignNamed, campaigns, moveCampaign, putCampaign } from '../store/campaigns.ts'
import type { Sql } from '../store/sql.ts'
import type { DialWakeup } from './dial-wakeup.ts'
import { campaignFrom, COMMANDS, LEGAL, sources, type Campaign, type CampaignCommand } from './campaign.ts'
import { importLeads, type ImportOptions, type ImportSummary } from './import.ts'

export interface CampaignCommandParts {
  sql: Sql
  wakeup: DialWakeup
}

/** Rejects with NotFoundError, with the names that exist. */
export async function findCampaign(sql: Sql, name: string): Promise<Campaign> {
  const found = await campaignNamed(sql, name)
  if (found) return found
  throw new NotFoundError(
    'campaign',
    name,
    (await campaigns(sql)).map(known => known.name),
  )
}

/**
 * Creates a draft, or changes the settings of a campaign in any state. Rejects with one InputError that lists every
 * fault.
 */
export async function defineCampaign(
  { sql, wakeup }: CampaignCommandParts,
  given: Parameters<typeof campaignFrom>[0],
): Promise<Campaign> {
  const campaign = await putCampaign(sql, campaignFrom(given))
  await wakeup.ring({ what: 'campaign', name: campaign.name })
  return campaign
}

/**
 * Changes the state. A command that repeats the current state succeeds. Rejects with InputError when the change is not
 * legal.
 */
export async function commandCampaign(
  { sql, wakeup }: CampaignCommandParts,
  name: string,
  command: CampaignCommand,
  now: number,
): Promise<Campaign> {
  const before = await findCampaign(sql, name)
  const to = COMMANDS[command]
  const after = before.state === to ? before : await moveCampaign(sql, before.id, sources(to), to, now)
  if (!after) {
    const legal = LEGAL[before.state].join(', ')
    throw new InputError(
      `the campaign '${name}' is ${before.state} and cannot become ${to}; from there it can become ${legal}`,
    )
  }
  await wakeup.ring({ what: 'campaign', name })
  return after
}

/** As importLeads. A running campaign continues with the new leads at once. */
export async function addLeads(
  { sql, wakeup }: CampaignCommandParts,
  name: string,
  list: Omit<ImportOptions, 'sql' | 'campaign'>,
): Promise<ImportSummary> {
  const campaign = await findCampaign(sql, name)
  const summary = await importLeads({ sql, campaign: campaign.id, ...list })
  await wakeup.ring({ what: 'campaign', name })
  return summary
}
