/**
 * The dispositions: how an attempt to reach a lead ended, and what follows from it. One closed list, one table. A flow
 * returns one of the first group, FreeSWITCH reports one of the second, Switchhook itself determines one of the third.
 * An agent may correct it with one that is marked so, or with one of the campaign's own (own-dispositions.ts).
 *
 * A local refusal of FreeSWITCH (a limit, a gateway that is down; no leg was created) is not in the list: no telephone
 * rang, so it uses up no attempt and the lead is ready again.
 */
import type { Duration } from '../base/duration.ts'
import type { DialOutcome } from '../switch/hangup-cause.ts'

/** What a disposition says about the person who was called; VICIdial has a Y/N flag for each. */
export const FLAGS = ['contact', 'sale', 'dnc', 'callback', 'completed', 'not-interested', 'machine'] as const
export type Flag = (typeof FLAGS)[number]

export interface Meaning {
  readonly means: string
  /**
   * The source: the flow of the campaign, the outcome of the dial, 'switchhook' when neither gives one. An agent
   * corrects it in the wrap-up (agent-disposition.ts).
   */
  readonly by: 'flow' | 'dial' | 'switchhook'
  /** True: an agent may give it too. */
  readonly agent?: true
  /**
   * A person is known to have answered: the denominator of the abandonment rate (16 CFR 310.4(b)(4)(i), calls answered
   * by a live person). An unknown answer counts as no person: a denominator that is too large would hide abandoned
   * people.
   */
  readonly human: boolean
  readonly is: readonly Flag[]
  /**
   * The status letters of VICIdial (docs/dispositions.md). `system`: of one that the flow or the dial gave. `agent`: of
   * one that an agent gave; an agent may type the letters.
   */
  readonly status: { readonly system?: string; readonly agent?: string }
  /**
   * Delay to the next attempt, as often as the campaign allows; 'never': the lead is done. A campaign's `retry`
   * overrides it.
   */
  readonly again: Duration | 'never'
  /** A campaign's `retry` cannot override it: the person has said so, or the number belongs to somebody else. */
  readonly fixed?: true
}

/*
 * Delays: machine, no answer 2 h (another part of the day), busy 10 min, the rest 30 min (VICIdial's lead recycling
 * default, 1800 s). An abandoned person is not called for 72 h: Ofcom's rule, the strictest that we know; the law of
 * the campaign may forbid a shorter delay (law/).
 */
const DISPOSITIONS = {
  talked: {
    means: 'talked with an agent',
    by: 'flow',
    agent: true,
    human: true,
    is: ['contact', 'completed'],
    status: {},
    again: 'never',
  },
  sale: {
    means: 'bought, or agreed to what was offered',
    by: 'flow',
    agent: true,
    human: true,
    is: ['contact', 'sale', 'completed'],
    status: { system: 'SALE', agent: 'SALE' },
    again: 'never',
  },
  machine: {
    means: 'an answering machine',
    by: 'flow',
    agent: true,
    human: false,
    is: ['machine'],
    status: { system: 'AA', agent: 'A' },
    again: '2h',
  },
  silence: {
    means: 'the call was answered and nothing was said',
    by: 'flow',
    agent: true,
    human: false,
    is: [],
    status: {},
    again: '2h',
  },
  abandoned: {
    means: 'a person answered and no agent was free in time',
    by: 'flow',
    human: true,
    is: [],
    status: { system: 'DROP' },
    again: '72h',
  },
  message: {
    means: 'heard the whole message of the campaign',
    by: 'flow',
    human: true,
    is: ['contact', 'completed'],
    status: { system: 'PM' },
    again: 'never',
  },
  voicemail: {
    means: 'a message was left after the greeting of a machine',
    by: 'flow',
    human: false,
    is: ['machine', 'completed'],
    status: { system: 'AL' },
    again: 'never',
  },
  transferred: {
    means: 'asked for somebody by a key, and was transferred out of Switchhook',
    by: 'flow',
    human: true,
    is: ['contact', 'completed'],
    status: { system: 'SVYEXT' },
    again: 'never',
  },
  declined: {
    means: 'does not want what is offered; other campaigns may still call',
    by: 'flow',
    agent: true,
    human: true,
    is: ['contact', 'not-interested'],
    status: { system: 'NI', agent: 'NI' },
    again: 'never',
  },
  callback: {
    means: 'asked to be called again',
    by: 'flow',
    agent: true,
    human: true,
    is: ['contact', 'callback'],
    status: { system: 'CALLBK', agent: 'CALLBK' },
    again: '1h',
  },
  'opted-out': {
    means: 'does not want to be called again by any campaign',
    by: 'flow',
    agent: true,
    human: true,
    is: ['contact', 'dnc'],
    status: { system: 'DNC', agent: 'DNC' },
    again: 'never',
    fixed: true,
  },
  'wrong-number': {
    means: 'another person answered',
    by: 'flow',
    agent: true,
    human: true,
    is: [],
    status: {},
    again: 'never',
    fixed: true,
  },

  busy: {
    means: 'the line was busy',
    by: 'dial',
    agent: true,
    human: false,
    is: [],
    status: { system: 'AB', agent: 'B' },
    again: '10m',
  },
  'no-answer': {
    means: 'it rang without an answer',
    by: 'dial',
    agent: true,
    human: false,
    is: [],
    status: { system: 'NA', agent: 'N' },
    again: '2h',
  },
  rejected: {
    means: 'the call was rejected while it rang',
    by: 'dial',
    human: false,
    is: [],
    status: {},
    again: '2h',
  },
  invalid: {
    means: 'there is no such number',
    by: 'dial',
    agent: true,
    human: false,
    is: [],
    status: { system: 'ADC', agent: 'DC' },
    again: 'never',
  },
  failed: {
    means: 'the network failed; the number may be fine',
    by: 'dial',
    human: false,
    is: [],
    status: {},
    again: '30m',
  },
  cancelled: {
    means: 'Switchhook stopped the call while it rang',
    by: 'dial',
    human: false,
    is: [],
    status: {},
    again: '30m',
  },

  'hung-up': {
    means: 'the called party hung up before the flow returned a disposition',
    by: 'switchhook',
    human: false,
    is: [],
    status: { system: 'PU' },
    again: '2h',
  },
  error: {
    means: 'the script failed, or PostgreSQL was away when the call was answered',
    by: 'switchhook',
    human: false,
    is: [],
    status: {},
    again: '30m',
  },
  lost: {
    means: 'the outcome is unknown: a FreeSWITCH or a node died',
    by: 'switchhook',
    human: false,
    is: [],
    status: {},
    again: '30m',
  },
} as const satisfies Record<string, Meaning>

/** Every way in which an attempt ends. */
export type AttemptEnd = keyof typeof DISPOSITIONS
type By<Who extends Meaning['by']> = {
  [K in AttemptEnd]: (typeof DISPOSITIONS)[K]['by'] extends Who ? K : never
}[AttemptEnd]

/** What a campaign's flow may return. */
export type Disposition = By<'flow'>
export type DialEnd = By<'dial'>

/**
 * The disposition for an outcome of the dial. 'declined' is a person's answer to the offer, so a call that was turned
 * away is 'rejected'.
 */
export function dialEnd(outcome: Exclude<DialOutcome, 'answered' | 'refused' | 'lost'>): DialEnd {
  return outcome === 'declined' ? 'rejected' : outcome
}

export const ATTEMPT_ENDS = Object.keys(DISPOSITIONS) as readonly AttemptEnd[]
/** The dispositions that a flow may return: for messages to authors, and for checking a script without types. */
export const FLOW_DISPOSITIONS = ATTEMPT_ENDS.filter(end => meaningOf(end).by === 'flow') as readonly Disposition[]

export function isAttemptEnd(value: unknown): value is AttemptEnd {
  return typeof value === 'string' && Object.hasOwn(DISPOSITIONS, value)
}

export function isDisposition(value: unknown): value is Disposition {
  return isAttemptEnd(value) && meaningOf(value).by === 'flow'
}

/** The dispositions that an agent may give; a campaign may have more (own-dispositions.ts). */
export const AGENT_DISPOSITIONS = ATTEMPT_ENDS.filter(end => meaningOf(end).agent === true)

/** The table row with the wide type, so that `fixed` and `again` exist for every disposition. */
export function meaningOf(end: AttemptEnd): Meaning {
  return DISPOSITIONS[end]
}
