/** A campaign: its settings, and its states with their legal changes. Pure. */
import { checkName } from '../agent/agent.ts'
import { country as countryOf } from '../base/country.ts'
import { InputError } from '../base/errors.ts'
import { zoneNamed } from '../base/hours.ts'
import { dial, ident } from '../esl/safe-text.ts'
import {
  CALL_ORDERS,
  CAMPAIGN_MODES,
  type CampaignRow,
  type CampaignSettings,
  type CampaignState,
  type LawSettings,
} from '../store/campaigns.ts'
import { faultOfCallerIds, ROTATIONS } from './caller-ids.ts'
import { RULE_SETS } from './calling-rules/rule-sets.ts'
import { checkRetry, faultOfLimits, regionNamed } from './calling-settings.ts'
import { callSettingsIn } from './call-settings.ts'
import { checkLaw } from './law/laws.ts'
import { faultOfWays } from './ways.ts'

export type Campaign = CampaignRow

/** Every legal change of state. A campaign leaves `done` when a supervisor adds leads and starts it again. */
export const LEGAL = {
  draft: ['running', 'stopped'],
  running: ['paused', 'stopped', 'done'],
  paused: ['running', 'stopped'],
  stopped: ['running'],
  done: ['running'],
} as const satisfies Record<CampaignState, readonly CampaignState[]>

export const COMMANDS = { start: 'running', pause: 'paused', stop: 'stopped' } as const satisfies Record<
  string,
  CampaignState
>
export type CampaignCommand = keyof typeof COMMANDS

/** The states from which a campaign may go to `to`. */
export function sources(to: CampaignState): CampaignState[] {
  return (Object.keys(LEGAL) as CampaignState[]).filter(from => (LEGAL[from] as readonly CampaignState[]).includes(to))
}

/** The default settings. A phone rings 25 s: 15 s is the least that the law allows (16 CFR 310.4(b)(4)(ii)). */
const STANDARD = {
  mode: 'progressive',
  callsPerAgent: 2,
  flow: 'campaign-leg',
  gateway: null,
  callerId: null,
  maxLines: 30,
  cps: 5,
  maxAttempts: 3,
  ringForMs: 25_000,
  country: null,
  retry: {},
  rules: 'none',
  hours: [],
  timeZone: 'UTC',
  holidays: [],
  numberLimits: [],
  otherNumbers: [],
  order: 'oldest',
  callbackWaitMs: 900_000,
  law: { name: 'strict' },
  gateways: [],
  callerIds: [],
  callerIdRotation: 'lead',
  calls: {},
} as const satisfies Omit<CampaignSettings, 'name' | 'queue'>

/** Completes a supervisor's settings with STANDARD and checks them. Throws one InputError with every fault. */
export function campaignFrom(
  given: Partial<CampaignSettings> & Pick<CampaignSettings, 'name' | 'queue'>,
): CampaignSettings {
  const campaign: CampaignSettings = { ...STANDARD, ...given }
  const { name, queue, flow, mode, callsPerAgent, gateway, callerId, maxLines, cps, maxAttempts, ringForMs, country } =
    campaign
  const { retry, rules, timeZone, holidays, numberLimits, order, callbackWaitMs, law } = campaign
  const faults: string[] = []
  const check = (fine: boolean, fault: string) => void (fine || faults.push(fault))
  const whole = (what: string, value: number, most: number) =>
    check(
      Number.isInteger(value) && value > 0 && value <= most,
      `${what} is ${value}; a whole number from 1 to ${most} is allowed`,
    )
  const checked = (parse: () => unknown) => {
    try {
      parse()
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      faults.push(error.message)
    }
  }
  checked(() => checkName('campaign', name))
  checked(() => checkName('queue', queue))
  if (gateway !== null) checked(() => ident(gateway))
  if (callerId !== null) checked(() => dial(callerId))
  if (country !== null) checked(() => countryOf(country))
  check(/^[a-z0-9-]{1,40}$/.test(flow), `flow is '${flow}'; lower-case letters, digits and - are allowed`)
  check(CAMPAIGN_MODES.includes(mode), `mode is '${mode}'; allowed: ${CAMPAIGN_MODES.join(', ')}`)
  const ratio = callsPerAgent >= 1 && callsPerAgent <= 10
  check(ratio, `calls_per_agent is ${callsPerAgent}; 1 to 10 are allowed`)
  whole('max_lines', maxLines, 10_000)
  check(cps > 0 && cps <= 1_000, `cps is ${cps}; more than 0 and at most 1000 calls per second are allowed`)
  whole('max_attempts', maxAttempts, 100)
  check(ringForMs <= 120_000, `ring_for is ${ringForMs / 1_000} s; at most 120 s are allowed`)
  checked(() => checkLaw(law, ringForMs))
  for (const [end, rule] of Object.entries(retry)) checked(() => checkRetry(end, rule))
  check(Object.hasOwn(RULE_SETS, rules), `rules is '${rules}'; allowed: ${Object.keys(RULE_SETS).join(', ')}`)
  checked(() => zoneNamed(timeZone))
  for (const region of holidays) checked(() => regionNamed(region))
  const limitFault = faultOfLimits(numberLimits)
  check(limitFault === null, `number_limits: ${limitFault}`)
  check(CALL_ORDERS.includes(order), `order is '${order}'; allowed: ${CALL_ORDERS.join(', ')}`)
  check(
    callbackWaitMs >= 0 && callbackWaitMs <= 86_400_000,
    `callback_wait is ${callbackWaitMs} ms; 0 to 1d are allowed`,
  )
  const [ways, ids] = [faultOfWays(campaign.gateways), faultOfCallerIds(campaign.callerIds)]
  check(ways === null, `gateways: ${ways}`)
  check(ids === null, `caller_ids: ${ids}`)
  const { callerIdRotation: turns } = campaign
  check(ROTATIONS.includes(turns), `caller_id_rotation is '${turns}'; allowed: ${ROTATIONS.join(', ')}`)
  checked(() => callSettingsIn(campaign.calls))
  if (faults.length > 0)
    throw new InputError(`the campaign '${name}' cannot be used:\n${faults.map(fault => `  - ${fault}`).join('\n')}`)
  return campaign
}

/** The law after a change. To name a law, also the same one, gives up the own numbers that are not given with it. */
export const lawAfter = (before: LawSettings, given: Partial<LawSettings>): LawSettings =>
  given.name === undefined ? { ...before, ...given } : { ...given, name: given.name }
