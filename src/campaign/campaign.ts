/** A campaign: its settings, its states with their legal changes, and when a lead is called again. Pure. */
import { checkName } from '../agent/agent.ts'
import { country as countryOf } from '../base/country.ts'
import { ms, type Duration } from '../base/duration.ts'
import { InputError } from '../base/errors.ts'
import { dial, ident } from '../esl/safe-text.ts'
import type { CampaignRow, CampaignSettings, CampaignState } from '../store/campaigns.ts'
import { ATTEMPT_ENDS, isAttemptEnd, meaningOf, type AttemptEnd } from './disposition.ts'

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
  flow: 'campaign-leg',
  gateway: null,
  callerId: null,
  maxLines: 30,
  cps: 5,
  maxAttempts: 3,
  ringForMs: 25_000,
  country: null,
  retryAfter: {},
} as const satisfies Omit<CampaignSettings, 'name' | 'queue'>

/** Completes a supervisor's settings with STANDARD and checks them. Throws one InputError with every fault. */
export function campaignFrom(
  given: Partial<CampaignSettings> & Pick<CampaignSettings, 'name' | 'queue'>,
): CampaignSettings {
  const campaign: CampaignSettings = { ...STANDARD, ...given }
  const { name, queue, flow, mode, gateway, callerId, maxLines, cps, maxAttempts, ringForMs, country, retryAfter } =
    campaign
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
  check(mode === 'progressive', `mode is '${mode}'; only progressive is allowed`)
  whole('max_lines', maxLines, 10_000)
  check(cps > 0 && cps <= 1_000, `cps is ${cps}; more than 0 and at most 1000 calls per second are allowed`)
  whole('max_attempts', maxAttempts, 100)
  const rings = ringForMs >= 15_000 && ringForMs <= 120_000
  check(rings, `ring_for is ${ringForMs / 1_000} s; 15 s (16 CFR 310.4(b)(4)(ii)) to 120 s are allowed`)
  for (const [end, delay] of Object.entries(retryAfter)) checked(() => checkRetry(end, delay))
  if (faults.length > 0)
    throw new InputError(`the campaign '${name}' cannot be used:\n${faults.map(fault => `  - ${fault}`).join('\n')}`)
  return campaign
}

function checkRetry(end: string, delay: string): void {
  if (!isAttemptEnd(end))
    throw new InputError(`retry_after: there is no disposition '${end}'; known: ${ATTEMPT_ENDS.join(', ')}`)
  if (meaningOf(end).fixed && delay !== 'never') throw new InputError(`retry_after: '${end}' allows only never`)
  if (delay !== 'never') ms(delay as Duration)
}

/**
 * When a lead is called again, as wall clock milliseconds; null: never. `attempts` includes the one that has just ended
 * with `end`. `wanted` (ms since the epoch): the time at which the person asked to be called, from the flow; with
 * 'callback' it goes first.
 */
export function nextCall(
  campaign: Pick<Campaign, 'retryAfter' | 'maxAttempts'>,
  end: AttemptEnd,
  attempts: number,
  now: number,
  wanted?: number,
): number | null {
  const { again, fixed } = meaningOf(end)
  const delay = fixed ? 'never' : (campaign.retryAfter[end] ?? again)
  if (delay === 'never' || attempts >= campaign.maxAttempts) return null
  if (wanted !== undefined && end === 'callback') return Math.max(wanted, now)
  return now + ms(delay as Duration)
}
