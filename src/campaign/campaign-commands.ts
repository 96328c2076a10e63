/** What a supervisor does with a campaign: make it, add leads, start, pause, stop. Needs a database and Redis, and no node that dials. */
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

/** Throws NotFoundError with the names that exist. */
export async function findCampaign(sql: Sql, name: string): Promise<Campaign> {
  const found = await campaignNamed(sql, name)
  if (found) return found
  throw new NotFoundError(
    'campaign',
    name,
    (await campaigns(sql)).map(known => known.name),
  )
}

/** Makes a draft, or changes the settings of a campaign in any state. InputError lists every fault. */
export async function defineCampaign(
  { sql, wakeup }: CampaignCommandParts,
  given: Parameters<typeof campaignFrom>[0],
): Promise<Campaign> {
  const campaign = await putCampaign(sql, campaignFrom(given))
  await wakeup.ring({ what: 'campaign', name: campaign.name })
  return campaign
}

/** Again is no mistake: a campaign that runs is started. InputError when the change is not a legal one. */
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

/** As importLeads; a campaign that runs goes on with the new leads at once. */
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
