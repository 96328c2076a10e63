/**
 * A supervisor's commands for a campaign: define it, add leads, start, pause, stop, delete. They need PostgreSQL and
 * Redis, but no node that dials.
 */
import type { Country } from '../base/country.ts'
import { InputError, NotFoundError, Refusal } from '../base/errors.ts'
import {
  campaignNamed,
  campaigns,
  moveCampaign,
  newCampaign,
  putCampaign,
  removeCampaign,
  type CampaignSettings,
  type LawSettings,
} from '../store/campaigns.ts'
import { countLeads } from '../store/leads.ts'
import type { EventName } from '../events/catalogue.ts'
import type { Events } from '../events/events.ts'
import { happening } from '../events/happening.ts'
import { withEvents } from '../store/events.ts'
import type { Sql } from '../store/sql.ts'
import { without } from '../base/settings.ts'
import { CALL_SETTINGS } from './call-settings.ts'
import type { DialWakeup } from './dial-wakeup.ts'
import { campaignFrom, COMMANDS, lawAfter, LEGAL, sources, type Campaign, type CampaignCommand } from './campaign.ts'
import { importLeads, type ImportOptions, type ImportSummary } from './import.ts'
import { addRead, readLeads, type AddedLeads, type AddParts, type GivenLead } from './lead-commands.ts'

export interface CampaignCommandParts {
  sql: Sql
  wakeup: DialWakeup
  /** Of numbers without a country code, where the campaign names none. */
  country?: Country | null
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

/** A campaign's name, and the settings that somebody gives. */
export type GivenSettings = Partial<Omit<CampaignSettings, 'law'>> &
  Pick<CampaignSettings, 'name'> & {
    readonly law?: Partial<LawSettings>
    /** Settings of its calls that have their default again, as people write them. */
    readonly unset?: readonly string[] | undefined
  }

/** The settings after the change: those that are not given stay, or are the default in a new campaign. */
function settingsAfter(known: Campaign | null, { unset, ...given }: GivenSettings): CampaignSettings {
  const law = lawAfter(known?.law ?? { name: 'strict' }, given.law ?? {})
  if (known) {
    const calls = { ...without(CALL_SETTINGS, known.calls, unset), ...given.calls }
    return campaignFrom({ ...settingsOf(known), ...given, law, calls })
  }
  const { queue } = given
  if (queue === undefined) throw new InputError(`'${given.name}' is a new campaign, which needs a queue`)
  return campaignFrom({ ...given, queue, law })
}

function settingsOf({
  id: _id,
  state: _state,
  switches: _switches,
  createdAt: _created,
  startedAt: _started,
  endedAt: _ended,
  gatewayWhy: _why,
  ...settings
}: Campaign): CampaignSettings {
  return settings
}

/**
 * Creates a draft, or changes some settings of a campaign in any state; the others stay. Rejects with one InputError
 * that lists every fault.
 */
export async function defineCampaign({ sql, wakeup }: CampaignCommandParts, given: GivenSettings): Promise<Campaign> {
  const campaign = await putCampaign(sql, settingsAfter(await campaignNamed(sql, given.name), given))
  await wakeup.ring({ what: 'campaign', name: campaign.name })
  return campaign
}

const TOLD = {
  start: 'campaign.started',
  pause: 'campaign.paused',
  stop: 'campaign.stopped',
} as const satisfies Record<CampaignCommand, EventName>

/**
 * Changes the state. A command that repeats the current state succeeds. Rejects with Refusal WRONG_STATE when the
 * change is not legal.
 */
export async function commandCampaign(
  { sql, wakeup, events }: CampaignCommandParts & { readonly events: Events },
  name: string,
  command: CampaignCommand,
  now: number,
): Promise<Campaign> {
  const before = await findCampaign(sql, name)
  const to = COMMANDS[command]
  const told = happening(TOLD[command], { campaign: name }, now)
  const move = () => withEvents(sql, [told], tx => moveCampaign(tx, before.id, sources(to), to, now))
  const after = before.state === to ? before : await move()
  if (!after) {
    const legal = LEGAL[before.state].join(', ')
    throw new Refusal(
      'WRONG_STATE',
      `the campaign '${name}' is ${before.state} and cannot become ${to}; from there it can become ${legal}`,
    )
  }
  if (after !== before) told.tell(events)
  await wakeup.ring({ what: 'campaign', name })
  return after
}

/**
 * Creates a campaign with the leads of a file, or adds them to the campaign of that name and changes the given
 * settings. A running campaign continues with the new leads at once. Rejects with InputError as defineCampaign and
 * importLeads do; then nothing is created or changed.
 */
export async function importCampaign(
  { sql, wakeup, country = null }: CampaignCommandParts,
  given: GivenSettings,
  list: Omit<ImportOptions, 'sql' | 'campaign' | 'country' | 'otherNumbers' | 'shuffled'>,
): Promise<{ readonly campaign: Campaign; readonly summary: ImportSummary }> {
  const known = await campaignNamed(sql, given.name)
  const settings = settingsAfter(known, given)
  const { otherNumbers, order } = settings
  const summary = await importLeads({
    ...{ sql, campaign: known?.id ?? settings, country: settings.country ?? country },
    ...{ otherNumbers, shuffled: order === 'random' },
    ...list,
  })
  // after the import, which can take minutes: its row would be locked, and somebody may change or pause it meanwhile
  return { campaign: await defineCampaign({ sql, wakeup }, given), summary }
}

/**
 * Creates a draft with these leads, which may be none, in one transaction. Rejects with Refusal IN_USE when there is a
 * campaign of that name: it was created with its whole list. Rejects with InputError as defineCampaign does, and when
 * no number can be called; then nothing is created.
 */
export async function createCampaign(
  parts: CampaignCommandParts & AddParts,
  given: GivenSettings,
  leads: readonly GivenLead[],
  now: number,
): Promise<AddedLeads> {
  const settings = settingsAfter(null, given)
  const { name } = settings
  const read =
    leads.length === 0
      ? { leads: [], rejected: [] }
      : await readLeads(parts, leads, settings.country ?? parts.country ?? null)
  const added = await addRead(parts, read, tx => newCampaign(tx, settings), now)
  if (added === null)
    throw new Refusal(
      'IN_USE',
      `there is a campaign '${name}' already: campaign.show shows it, campaign.set changes it, lead.add adds to its list`,
    )
  await parts.wakeup.ring({ what: 'campaign', name })
  return added
}

/**
 * Deletes a campaign with its leads and attempts; the records of its calls stay. Takes minutes for a million leads.
 * Rejects with NotFoundError, and with Refusal while the campaign is running (WRONG_STATE) or has live calls (IN_USE).
 */
export async function deleteCampaign({ sql, wakeup }: CampaignCommandParts, name: string): Promise<void> {
  const { id, state } = await findCampaign(sql, name)
  if (state === 'running')
    throw new Refusal('WRONG_STATE', `the campaign '${name}' is running; pause or stop it before you remove it`)
  const { claimed } = await countLeads(sql, id)
  if (claimed > 0)
    throw new Refusal('IN_USE', `the campaign '${name}' has ${claimed} live calls; remove it when they have ended`)
  if (!(await removeCampaign(sql, name)))
    throw new Refusal(
      'WRONG_STATE',
      `the campaign '${name}' was started or removed in this moment; nothing was removed`,
    )
  await wakeup.ring({ what: 'campaign', name })
}
