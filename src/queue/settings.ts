/** What a supervisor decides about a queue: each setting once. */
import { parseNeeds, sayNeeds, storedNeeds, type SkillNeed } from '../agent/skills.ts'
import { parseHours, sayHours, storedHours, type Hours } from '../base/hours.ts'
import { choice, duration, settingIn, text, whole, yesOrNo, type Given } from '../base/settings.ts'
import { parseRetryAfter, sayRetryAfter, storedRetryAfter, type RetryAfter } from './callbacks/callback-ends.ts'
import { WAITING_SETTINGS } from './waiting-settings.ts'

/** Every setting but the strategy, which each queue has. */
export const QUEUE_SETTINGS = {
  tierWaitMs: duration(0, ['0s', '1h'], 'how long a caller waits before agents of a higher level are offered the call'),
  tierWaitMultiplies: yesOrNo(true, 'agents of level 3 only after twice that time, of level 4 after three times'),
  tierSkipsEmpty: yesOrNo(true, 'no such wait while nobody is logged in, and not on a break, at the lower levels'),
  weight: whole(0, [0, 100], 'the queue with the higher weight is served first by the agents of several queues'),
  skills: text<readonly SkillNeed[]>({
    standard: [],
    stored: storedNeeds,
    parse: parseNeeds,
    say: sayNeeds,
    placeholder: '<needs>',
    description: 'the skills that callers need: german:3 (required), billing? (preferred), vip/45s (required for 45 s)',
  }),
  whisper: yesOrNo(true, 'the agent hears the topic of the call before the two talk'),
  accept: choice(
    'key',
    ['key', 'key-always', 'none'],
    'how the agent accepts a call: by pressing 1 when the telephone rang, by pressing 1 also on a line that stays open, or by answering',
  ),
  rememberMs: duration(
    0,
    ['0s', '365d'],
    'how long the agent who talked last with a caller is offered that caller first',
  ),
  rememberWaitMs: duration(0, ['0s', '1h'], 'how long a caller waits for that agent, when the agent is busy'),
  ringProgressivelyDelayMs: duration(
    10_000,
    ['1s', '2m'],
    'with the strategy ring-progressively: the time until one more telephone rings',
  ),
  serviceLevelWithinMs: duration(20_000, ['1s', '1h'], 'the service level counts who is answered within this time'),
  serviceLevelGoal: whole(80, [1, 100], 'the service level that the queue should have, in per cent'),
  shortAbandonMs: duration(5_000, ['0s', '2m'], 'who hangs up within this time has not abandoned, in the figures'),
  repeatWithinMs: duration(
    86_400_000,
    ['1m', '30d'],
    'a caller whose number was answered so long ago calls again, in the figures',
  ),
  callbackOrder: choice(
    'agent-first',
    ['agent-first', 'customer-first'],
    'whose telephone rings first when a caller is called back: when an agent is free, or when the turn is near',
  ),
  callbackHours: text<Hours | null>({
    standard: null,
    stored: storedHours.nullable(),
    parse: parseHours,
    say: hours => (hours === null ? '' : sayHours(hours)),
    placeholder: '<hours>',
    description: 'when callers are called back, such as Mon-Fri 08:00-20:00 Europe/Berlin; default: at any time',
  }),
  callbackTries: whole(3, [1, 20], 'how often a customer is called back who is not reached'),
  callbackRetryAfter: text<RetryAfter>({
    standard: { busy: 300_000, other: 900_000 },
    stored: storedRetryAfter,
    parse: parseRetryAfter,
    say: sayRetryAfter,
    placeholder: '<pauses>',
    description: 'the pause before the next try, by outcome: busy:5m, no-answer:1h, 15m',
  }),
  callbackExpiresMs: duration(86_400_000, ['1m', '30d'], 'a callback that was not made by then is given up'),
  callbackAgentWaitMs: duration(
    900_000,
    ['0s', '1d'],
    'how long a callback waits for the agent who promised it, before it goes to any agent',
  ),
  ...WAITING_SETTINGS,
} as const

/** Only the settings that were given; `settingOf` knows the others. */
export interface QueueSettings extends Given<typeof QUEUE_SETTINGS> {
  readonly name: string
  /** Which of the usable agents a caller gets: the name of a file in strategies/. */
  readonly strategy: string
  /** The queue was removed, and this one has its callers; absent: the queue is in use. */
  readonly movedTo?: string
}

/** @example settingOf(queue, 'weight') */
export const settingOf = settingIn(QUEUE_SETTINGS)

/** False for the name of a removed queue that leads to another one. */
export const isInUse = ({ movedTo }: QueueSettings): boolean => movedTo === undefined

/**
 * The names by which a caller of the queue `name` comes to a queue in use: `name` first, the queue in use last. Null
 * when there is no queue at the end of the way, or the way is a circle.
 */
export function wayTo(name: string, queues: ReadonlyMap<string, QueueSettings>): [...string[], string] | null {
  const way: string[] = []
  for (let next: string | undefined = name; next !== undefined;) {
    const queue = queues.get(next)
    if (!queue || way.includes(next)) return null
    way.push(next)
    next = queue.movedTo
  }
  return way as [...string[], string]
}
