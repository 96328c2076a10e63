/** The campaign that an operation names, its settings as input, and its form in answers. */
import { z } from 'zod'
import { country } from '../../base/country.ts'
import { described, duration, numberThat, oneOf, parsed, whole } from '../../base/parsed.ts'
import { InputError } from '../../base/errors.ts'
import { givenIn, inputFields } from '../../base/settings.ts'
import { CALL_SETTINGS } from '../../campaign/call-settings.ts'
import { campaignFigures } from '../../campaign/figures.ts'
import type { GivenSettings } from '../../campaign/campaign-commands.ts'
import { LAW_NAMES } from '../../campaign/law/laws.ts'
import { COUNTS, DEADLINES_FROM, WINDOWS } from '../../campaign/law/policy.ts'
import { kindOf } from '../../flow/define.ts'
import { loadFlows } from '../../flow/catalogue.ts'
import { CAMPAIGN_MODES, campaignNamed, type CampaignRow, type CampaignSettings } from '../../store/campaigns.ts'
import type { Sql } from '../../store/sql.ts'
import type { Immutable, StoreParts } from '../operation.ts'
import { mustBeQueues } from '../queue/queue-named.ts'
import { callingFields, callingShape, sayCalling } from './calling-fields.ts'
import { carrierFields, carrierShape, mustBeGateways } from './carrier-fields.ts'

const lawFields = {
  law: described(
    oneOf(LAW_NAMES),
    `whose law holds: ${LAW_NAMES.join(', ')} (in a new campaign: strict); naming it gives up the own numbers below`,
    '<law>',
  ).optional(),
  maxAbandoned: described(
    numberThat('0.1 to 100', value => value >= 0.1 && value <= 100),
    'the percentage of the live calls that may be abandoned (default: that of the law)',
    '<percent>',
  ).optional(),
  connectWithin: described(
    duration('500ms', '1m'),
    'an agent must speak within this time (default: that of the law)',
    '<duration>',
  ).optional(),
  deadlineFrom: described(
    oneOf(DEADLINES_FROM),
    'where that time begins (default: as the law says)',
    '<answer|greeting>',
  ).optional(),
  abandonedWindow: described(
    oneOf(WINDOWS),
    'over which time the percentage counts: campaign, day (any 24 hours), month (default: that of the law)',
    '<window>',
  ).optional(),
  abandonedCount: described(
    oneOf(COUNTS),
    'how it is counted: plain, or ofcom (ofcom_uk_drop_calc, with estimates); default: as the law says',
    '<plain|ofcom>',
  ).optional(),
  abandonedLock: described(
    duration('0s', '90d'),
    'no call to a number for so long after an abandoned one (default: that of the law)',
    '<duration>',
  ).optional(),
  detectionErrors: described(
    numberThat('0 to 100', value => value >= 0 && value <= 100),
    'with ofcom: the percentage of the calls taken for machines that were people, as measured (default: 0)',
    '<percent>',
  ).optional(),
}

const lawNumbers = {
  maxAbandoned: z.number().optional(),
  connectWithinMs: z.number().optional(),
  deadlineFrom: z.enum(DEADLINES_FROM).optional(),
  window: z.enum(WINDOWS).optional(),
  count: z.enum(COUNTS).optional(),
  lockMs: z.number().optional(),
  detectionErrors: z.number().optional(),
}

/** The settings that may be given; those that are not given stay. */
export const campaignSettings = {
  queue: described(z.string(), 'its agents talk with the people who answer', '<queue>').optional(),
  flow: described(z.string(), 'the flow of answered calls (in a new campaign: campaign-leg)', '<flow>').optional(),
  mode: described(
    oneOf(CAMPAIGN_MODES),
    'how leads are dialled: preview, progressive, ratio, predictive (in a new campaign: progressive)',
    '<mode>',
  ).optional(),
  callsPerAgent: described(
    numberThat('1 to 10 calls', value => value >= 1 && value <= 10),
    'calls for each free agent, in the mode ratio (in a new campaign: 2)',
    '<n>',
  ).optional(),
  callerId: described(
    z.string(),
    'the number that called people see (in a new campaign: CALLER_ID)',
    '<number>',
  ).optional(),
  country: described(
    parsed(country),
    'the country of numbers that are written without a country code, such as DE (in a new campaign: COUNTRY)',
    '<code>',
  ).optional(),
  maxLines: described(whole(1, 10_000), 'lines in use at one time (in a new campaign: 30)', '<n>').optional(),
  cps: described(
    numberThat('0.01 to 1000 calls per second', value => value >= 0.01 && value <= 1_000),
    'calls started per second (in a new campaign: 5)',
    '<n>',
  ).optional(),
  ...callingFields,
  ...lawFields,
  ...carrierFields,
}

/** The settings of its calls; those that are not given stay. */
export const campaignCalls = inputFields(CALL_SETTINGS)

const count = z.number()

export const campaignShape = z.object({
  name: z.string(),
  state: z.enum(['draft', 'running', 'paused', 'stopped', 'done']),
  mode: z.string(),
  callsPerAgent: z.number(),
  flow: z.string(),
  queue: z.string(),
  gateway: z.string().nullable(),
  callerId: z.string().nullable(),
  maxLines: z.number(),
  cps: z.number(),
  ringForMs: z.number(),
  /** Null: that of the installation (COUNTRY). */
  country: z.string().nullable(),
  ...callingShape,
  /** The law by its name, and the numbers of the campaign that are stricter (docs/compliance.md). */
  law: z.object({ name: z.string(), ...lawNumbers }),
  ...carrierShape,
  /** Only those that were given. */
  calls: z.record(z.string(), z.unknown()),
  /** The kind of switch that dials it; null: not yet dialled. */
  switches: z.enum(['freeswitch', 'simulation']).nullable(),
  createdAt: z.date(),
  startedAt: z.date().nullable(),
  endedAt: z.date().nullable(),
})

export const campaignFiguresShape = z.object({
  name: z.string(),
  state: campaignShape.shape.state,
  dialled: count,
  underWay: count,
  answered: count,
  people: count,
  talked: count,
  abandoned: count,
  /** abandoned ÷ people, 0 to 1; null while nobody has answered. */
  abandonRate: z.number().nullable(),
  left: count,
  leads: count,
  ends: z.record(z.string(), count),
  /** By their end: called, skipped, timed-out, agent-left, withdrawn; `open`: an agent looks now. */
  previews: z.record(z.string(), count),
})

/** What the law of a campaign counts in its window now. `limit`: at most this part of `live`, 0 to 1. */
export const lawCountShape = z.object({ live: count, abandoned: count, limit: count })

/** The last decision of the dialer for one FreeSWITCH with agents. */
export const lastDecisionShape = z.object({
  at: z.string().nullable(),
  /** Agents on the line who are free, or reserved for a lead. */
  free: count,
  wanted: count,
  dialled: count,
  why: z.string(),
  lines: count,
})

export const campaignWithFigures = campaignShape.extend(campaignFiguresShape.shape)

export async function withFigures(
  sql: Sql,
  campaign: CampaignRow,
): Promise<Immutable<z.input<typeof campaignWithFigures>>> {
  const { callbackWaitMs: _, ...settings } = campaign
  return { ...settings, ...sayCalling(campaign), ...(await campaignFigures(sql, campaign)) }
}

/** What an audit row shows of a campaign; null without one. */
export const campaignBefore = ({ sql }: { readonly sql: Sql }, { name }: { readonly name: string }) =>
  campaignNamed(sql, name)

type Given = { readonly [Name in keyof typeof campaignSettings]?: z.output<(typeof campaignSettings)[Name]> }

/** The settings that are given. */
export function givenSettings(given: Given): Partial<Omit<GivenSettings, 'name'>> {
  const { law, maxAbandoned, connectWithin, deadlineFrom, abandonedWindow, abandonedCount, ...more } = given
  const { abandonedLock, detectionErrors, callbackWait, ...others } = more
  const ofCampaign = Object.entries(others).filter(([name]) => name in campaignSettings)
  const settings = { ...(Object.fromEntries(ofCampaign) as typeof others), callbackWaitMs: callbackWait }
  const numbers = {
    name: law,
    maxAbandoned: maxAbandoned === undefined ? undefined : maxAbandoned / 100,
    connectWithinMs: connectWithin,
    deadlineFrom,
    window: abandonedWindow,
    count: abandonedCount,
    lockMs: abandonedLock,
    detectionErrors: detectionErrors === undefined ? undefined : detectionErrors / 100,
  }
  const ofLaw = onlyGiven(numbers)
  return {
    ...onlyGiven(settings),
    ...(Object.keys(ofLaw).length > 0 && { law: ofLaw }),
    calls: givenIn(CALL_SETTINGS, given),
  }
}

const onlyGiven = <T extends object>(values: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>
  }

/** Rejects with NotFoundError for an unknown queue, flow or gateway, and with InputError for a flow of another kind. */
export async function mustBeUsable(
  { queueStore, scripts, sql }: StoreParts,
  {
    queue,
    flow,
    gateways,
  }: { queue?: string | undefined; flow?: string | undefined; gateways?: CampaignSettings['gateways'] | undefined },
): Promise<void> {
  await mustBeGateways(sql, gateways)
  if (queue !== undefined) await mustBeQueues(queueStore, [queue])
  if (flow === undefined) return
  const flows = await loadFlows(scripts)
  if (kindOf(flows.get(flow)) !== 'campaign')
    throw new InputError(
      `the flow '${flow}' is not a campaignFlow: use one that returns a disposition, such as campaign-leg`,
    )
}
