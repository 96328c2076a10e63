/** The settings of an agent that an administrator gives, and their allowed ranges. */
import { z } from 'zod'
import { InputError } from '../base/errors.ts'
import { choice, duration, settingIn, text, whole, yesOrNo, type Given } from '../base/settings.ts'
import { parseSkills, saySkills, storedSkills, type Skill } from './skills.ts'

/** Every setting that has a default. */
export const AGENT_SETTINGS = {
  skills: text<readonly Skill[]>({
    standard: [],
    stored: storedSkills,
    parse: parseSkills,
    say: saySkills,
    placeholder: '<skills>',
    description: 'what the agent can do, with levels from 1 to 9: german:5,billing',
  }),
  wrapUpEnds: choice(
    'time',
    ['time', 'agent', 'disposition'],
    'what ends the wrap-up: its time, the agent, or a disposition that the agent gives',
  ),
  // mod_callcenter's samples: busy-delay-time 60, reject-delay-time 10; its no-answer-delay-time 0 is a tight loop
  restAfterBusyMs: duration(60_000, ['0s', '1h'], 'no call is offered for so long after the telephone was busy'),
  restAfterDeclinedMs: duration(10_000, ['0s', '1h'], 'no call is offered for so long after the agent declined one'),
  restAfterNoAnswerMs: duration(10_000, ['0s', '1h'], 'no call is offered for so long after an unanswered one'),
  maxNoAnswers: whole(
    3,
    [0, 100],
    'after so many unanswered calls in a row the agent is not ready any more; 0: stays ready',
  ),
  autoAnswer: yesOrNo(false, 'the telephone is told to answer by itself: Call-Info (answer-after=0), intercom=true'),
  alertInfo: text<string>({
    standard: '',
    stored: z.string(),
    parse: alertInfo,
    say: String,
    placeholder: '<word>',
    description: 'the header Alert-Info for the telephone: how it rings, or that it answers by itself',
  }),
  jobNumber: text<string>({
    standard: '',
    stored: z.string(),
    parse: jobNumber,
    say: String,
    placeholder: '<digits>',
    description: 'the number of the agent that callers hear',
  }),
  announceJobNumber: yesOrNo(true, 'callers hear the job number, when the agent has one, before they talk'),
  staysOnLine: yesOrNo(false, 'the telephone stays connected for the shift, for the callers of every queue'),
  takesLeads: yesOrNo(true, 'the agent also gets the leads of campaigns; no: only people who call, and callbacks'),
  skipWhileElsewhere: yesOrNo(true, 'no call is offered during a call of the telephone that Switchhook has not made'),
  afterMaxNoAnswers: choice('break', ['break', 'logged-out'], 'the status that the agent gets then'),
} as const

function jobNumber(given: string): string {
  if (/^\d{1,12}$/.test(given)) return given
  throw new InputError(`'${given}' is not a job number; allowed: 1 to 12 digits`)
}

function alertInfo(given: string): string {
  if (/^[\w.:@+/=-]{1,64}$/.test(given) && !given.includes('::')) return given
  throw new InputError(`'${given}' cannot be used; allowed: 1 to 64 letters, digits and _ . : @ + / = - without ::`)
}

/** @example agentSetting(agent, 'skills') */
export const agentSetting = settingIn(AGENT_SETTINGS)

/** Does the agent serve this queue, and its leads of campaigns too? */
export const takesLeadsOf = (
  agent: Given<typeof AGENT_SETTINGS> & Pick<AgentSettings, 'queues'>,
  queue: string,
): boolean => agentSetting(agent, 'takesLeads') && agent.queues.some(tier => tier.queue === queue)

/** A place in a queue's order of agents: lower levels first, lower positions first within a level. Both start at 1. */
export interface Tier {
  readonly queue: string
  readonly level: number
  readonly position: number
}

/** The settings without a default, and those of AGENT_SETTINGS that were given. */
export interface AgentSettings extends Given<typeof AGENT_SETTINGS> {
  readonly name: string
  /** The agent's telephone: user/1001, or sofia/gateway/carrier/2001. Several ring at once: user/1001,user/1002. */
  readonly endpoint: string
  /** Wrap-up after each talk, milliseconds, 0 to 3 600 000. */
  readonly wrapUpMs: number
  /** How long the agent's telephone rings for one call, milliseconds, more than 0 and at most 120 000. */
  readonly ringForMs: number
  readonly queues: readonly Tier[]
}

/** The telephones of an agent, of which the first that is answered gets the call. */
export const telephonesOf = ({ endpoint }: { readonly endpoint: string }): readonly string[] => endpoint.split(',')

/**
 * Upper limits of an agent's settings. A larger value is a typing error (30d for 30s) and would keep the agent from all
 * calls.
 */
const LONGEST_MS = { wrapUpMs: 3_600_000, ringForMs: 120_000 } as const

/** Throws InputError (BAD_INPUT) for settings that cannot be used. */
export function checkSettings({ name, endpoint, wrapUpMs, ringForMs, queues }: AgentSettings): void {
  checkName('agent', name)
  if (endpoint === '')
    throw new InputError(`agent ${name}: the endpoint is empty; a dial string such as user/1001 is needed`)
  if (!(wrapUpMs >= 0 && wrapUpMs <= LONGEST_MS.wrapUpMs)) {
    throw new InputError(`agent ${name}: wrapUpMs is ${wrapUpMs}; 0 to ${LONGEST_MS.wrapUpMs} milliseconds are allowed`)
  }
  if (!(ringForMs > 0 && ringForMs <= LONGEST_MS.ringForMs)) {
    throw new InputError(
      `agent ${name}: ringForMs is ${ringForMs}; more than 0 and at most ${LONGEST_MS.ringForMs} milliseconds are allowed`,
    )
  }
  for (const { queue, level, position } of queues) {
    checkName('queue', queue)
    if (level >= 1 && position >= 1) continue
    throw new InputError(
      `agent ${name}: level is ${level} and position is ${position} in queue ${queue}; both start at 1`,
    )
  }
}

/**
 * Throws InputError (BAD_INPUT) for a name that is not 1 to 64 letters, digits and . _ - + @, or that begins with -.
 */
export function checkName(kind: string, name: string): void {
  if (!/^[\w.@+][\w.@+-]{0,63}$/.test(name)) {
    throw new InputError(
      `the ${kind} name '${name}' cannot be used: 1 to 64 letters, digits and . _ - + @ are allowed, the first not -`,
    )
  }
}
