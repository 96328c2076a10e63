/** The agent that an operation names, its settings as input, and its form in answers. */
import { z } from 'zod'
import { STATES, STATUSES, tiersOf, type Agent, type Tier } from '../../agent/agent.ts'
import type { Roster } from '../../agent/roster.ts'
import { AGENT_SETTINGS, type AgentSettings } from '../../agent/settings.ts'
import { AGENT_WORDS, wordOf } from '../../agent/words.ts'
import type { Clock } from '../../base/clock.ts'
import { InputError, NotFoundError } from '../../base/errors.ts'
import { described, duration, parsed } from '../../base/parsed.ts'
import { givenIn, inputFields, settingsOf, storedFields, without } from '../../base/settings.ts'
import { endpoint } from '../../esl/safe-text.ts'
import { defineAgent } from '../../recovery/definitions.ts'
import type { Immutable, StoreParts } from '../operation.ts'
import { mustBeQueues } from '../queue/queue-named.ts'

/** Reads 'sales', 'sales:2' or 'sales:2:5': the queue, the agent's level in it, and the position in that level. */
function tier(text: string): Tier {
  const NUMBER = '[1-9]\\d{0,2}'
  const match = new RegExp(`^\\s*([^:]+?)\\s*(?::(${NUMBER}))?(?::(${NUMBER}))?\\s*$`).exec(text)
  if (!match)
    throw new InputError(
      `'${text}' is not a queue; allowed: a name, then a level and a position from 1 to 999 (sales:2:1)`,
    )
  const [, queue = '', level = '1', position = '1'] = match
  return { queue, level: Number(level), position: Number(position) }
}

const MOST_TELEPHONES = 5

/** Reads 'user/1001', or 'user/1001,user/1002'. */
function telephones(text: string): string {
  const all = text.split(',').map(one => endpoint(one.trim()))
  const twice = all.find((one, index) => all.indexOf(one) !== index)
  if (twice !== undefined) throw new InputError(`the telephone ${twice} is named twice`)
  if (all.length > MOST_TELEPHONES)
    throw new InputError(`${all.length} telephones are named; at most ${MOST_TELEPHONES} are allowed`)
  return all.join(',')
}

export const agentEndpoint = described(
  parsed(telephones),
  'the telephone: user/1001; several ring at once: user/1001,user/1002',
  '<endpoint>',
)

/** The settings that may be given; those that are not given stay. */
export const agentSettings = {
  queues: described(
    z.array(parsed(tier)).superRefine((all, context) => {
      const twice = all.find((one, index) => all.findIndex(other => other.queue === one.queue) !== index)
      if (twice) context.addIssue({ code: 'custom', message: `the queue ${twice.queue} is named twice` })
    }),
    'the queues of the agent, separated by commas; sales:2: offered a call after the agents of level 1',
    '<names>',
  ).optional(),
  wrapUp: described(duration('0s', '1h'), 'wrap-up after each call, 1h at most', '<duration>').optional(),
  ringFor: described(duration('1s', '2m'), 'how long the telephone rings, 2m at most', '<duration>').optional(),
  ...inputFields(AGENT_SETTINGS),
}

const tierShape = z.object({ queue: z.string(), level: z.number(), position: z.number() })

export const agentShape = z.object({
  name: z.string(),
  endpoint: z.string(),
  queues: z.array(tierShape),
  wrapUpMs: z.number(),
  ringForMs: z.number(),
  ...storedFields(AGENT_SETTINGS),
  status: z.enum(STATUSES),
  reason: z.string().nullable(),
  state: z.enum(STATES),
  /** What the agent does now, in one word. */
  word: z.enum(AGENT_WORDS),
  /** Milliseconds since the epoch, as all times here. */
  stateSince: z.number(),
  lastTalkEnded: z.number(),
  wrapUpUntil: z.union([z.number(), z.literal('finished'), z.null()]),
  restUntil: z.number(),
  /** Absent: not known. */
  statusSince: z.number().optional(),
  /** When the break reaches its limit; absent: it has none. */
  breakUntil: z.number().optional(),
  /** True when the break has lasted longer than that. */
  overdue: z.boolean(),
  /** The queues that the agent did not log in to. */
  away: z.array(tierShape),
  lastTalk: z.object({ call: z.string(), queue: z.string().nullable(), disposition: z.string().optional() }).optional(),
  /** True while the agent's telephone stays connected for the calls of campaigns. */
  nailedUp: z.boolean(),
})

/** The agent as answers show it. */
export const shownAgent = (agent: Agent, now: number): Immutable<z.input<typeof agentShape>> => ({
  ...agent,
  overdue: agent.overdue ?? false,
  away: agent.away ?? [],
  word: wordOf(agent, now),
  nailedUp: agent.nailed !== null,
})

interface RosterParts {
  readonly roster: Roster
  readonly clock: Clock
}

/** What an audit row shows of an agent: its settings and its status; null without one. */
export async function agentNamed(
  { roster, clock }: RosterParts,
  { name }: { readonly name: string },
): Promise<(AgentSettings & Pick<Agent, 'status' | 'reason' | 'state'>) | null> {
  const found = await roster.get(name, clock.now())
  if (!found) return null
  const { endpoint: where, wrapUpMs, ringForMs, status, reason, state } = found
  const queues = tiersOf(found)
  const settings = settingsOf(AGENT_SETTINGS, found)
  return { name, endpoint: where, queues, wrapUpMs, ringForMs, ...settings, status, reason, state }
}

/** Rejects with NotFoundError, with the known agents. */
export async function mustBeAgent({ roster, clock }: RosterParts, name: string): Promise<Agent> {
  const found = await roster.get(name, clock.now())
  if (found) return found
  const known = (await roster.list(clock.now())).map(one => one.name)
  throw new NotFoundError('agent', name, known)
}

interface GivenSettings {
  readonly endpoint?: string | undefined
  readonly queues?: readonly Tier[] | undefined
  readonly wrapUp?: number | undefined
  readonly ringFor?: number | undefined
  readonly unset?: readonly string[] | undefined
  /** Those of AGENT_SETTINGS. */
  readonly [setting: string]: unknown
}

/** Writes the settings `before` with those that are given. */
export async function redefine(
  parts: StoreParts,
  before: AgentSettings & Pick<Agent, 'away'>,
  { endpoint: where, queues, wrapUp, ringFor, unset, ...given }: GivenSettings,
): Promise<Immutable<z.input<typeof agentShape>>> {
  if (queues !== undefined)
    await mustBeQueues(
      parts.queueStore,
      queues.map(one => one.queue),
    )
  const now = parts.clock.now()
  const settings = {
    name: before.name,
    endpoint: where ?? before.endpoint,
    wrapUpMs: wrapUp ?? before.wrapUpMs,
    ringForMs: ringFor ?? before.ringForMs,
    queues: queues ?? tiersOf(before),
    ...settingsOf(AGENT_SETTINGS, without(AGENT_SETTINGS, before, unset)),
    ...givenIn(AGENT_SETTINGS, given),
  }
  return shownAgent(await defineAgent(parts, settings, now), now)
}
