/**
 * The settings of a queue about those who wait in it: what they hear, who is let in, and when and where they leave. A
 * flow may give each of them to call.enqueue(), for one caller (flow/enqueue-options.ts). docs/queues.md explains them.
 */
import { z } from 'zod'
import { InputError } from '../base/errors.ts'
import { parseHours, sayHours, storedHours, type Hours } from '../base/hours.ts'
import { choice, duration, settingIn, text, whole, yesOrNo, type Given } from '../base/settings.ts'
import { soundName } from '../esl/safe-text.ts'
import { overflowFor } from './overflow.ts'

const sound = (standard: string, description: string) =>
  text<string>({
    standard,
    stored: z.string(),
    parse: name => (name === '' ? name : soundName(name)),
    say: String,
    placeholder: '<sound>',
    description,
  })

const keys = (description: string) =>
  text<string>({
    standard: '',
    stored: z.string(),
    parse(pressed) {
      if (!/^[0-9*#]*$/.test(pressed))
        throw new InputError(`'${pressed}' cannot be used; allowed: keys 0 to 9, * and #`)
      return pressed
    },
    say: String,
    placeholder: '<keys>',
    description,
  })

export const WAITING_SETTINGS = {
  musicOnHold: sound('moh/calm', 'what callers hear while they wait'),
  welcomeSound: sound('', 'what a caller hears first, to its end; agents are offered after it'),
  transferSound: sound('', "what a caller hears while an agent's telephone rings"),
  busySound: sound('', 'what a caller hears who is not let in: full, nobody there, or a long wait'),
  closedSound: sound('', 'what a caller hears outside the opening hours'),
  blockedSound: sound('', 'what a caller hears whose number is blocked'),
  overflowSound: sound('', 'what a caller hears who has waited for the longest time, or pressed an exit key'),
  announceEveryMs: duration(45_000, ['0s', '1h'], 'the time between two announcements; 0s: none'),
  announceSound: sound('', 'the first sound of each announcement'),
  announcePosition: yesOrNo(true, 'callers hear their position'),
  announceEstimate: yesOrNo(false, 'callers hear how long they will wait, as soon as that is known well enough'),
  openHours: text<Hours | null>({
    standard: null,
    stored: storedHours,
    parse: parseHours,
    say: hours => (hours ? sayHours(hours) : ''),
    placeholder: '<hours>',
    description: "when callers are let in: 'Mon-Fri 09:00-18:00, Sat 10:00-14:00 Europe/Berlin'",
  }),
  leaveWhenClosed: yesOrNo(false, 'callers who wait leave at the end of the opening hours'),
  maxLength: whole(0, [0, 10_000], 'how many callers may wait; 0: any number'),
  maxEstimateMs: duration(0, ['0s', '1d'], 'no caller is let in whose estimated wait is longer; 0s: all are'),
  enterWithoutAgents: yesOrNo(true, 'callers are let in while no agent is logged in'),
  enterOnBreak: yesOrNo(true, 'callers are let in while every agent who is logged in is on a break'),
  maxWaitMs: duration(0, ['0s', '1d'], 'how long a caller waits at most; 0s: without an end'),
  maxWaitWithoutAgentsMs: duration(0, ['0s', '1d'], 'how long callers wait while no agent is logged in; 0s: any time'),
  withoutAgentsGraceMs: duration(5_000, ['0s', '1h'], 'a caller who has just come waits so much longer for a log-in'),
  maxWaitOnBreakMs: duration(0, ['0s', '1d'], 'how long callers wait while all agents are on a break; 0s: any time'),
  exitKeys: keys('the keys with which a caller leaves the queue'),
  whenBlocked: overflowFor('whose number is blocked'),
  whenClosed: overflowFor('outside the opening hours'),
  whenFull: overflowFor('when the queue is full'),
  whenNoAgents: overflowFor('when no agent is logged in'),
  whenAllOnBreak: overflowFor('when all agents are on a break'),
  whenLongWait: overflowFor('when the estimated wait is too long'),
  whenMaxWait: overflowFor('after the longest wait'),
  whenExitKey: overflowFor('who pressed an exit key'),
  timeBaseScore: choice(
    'queue',
    ['queue', 'system'],
    'from when on callers wait, in the order of the queue: from the entry, or from the begin of their call',
  ),
  overflowKeepsTime: yesOrNo(true, 'who goes to another queue keeps the time that was waited here'),
  resumeWithinMs: duration(
    0,
    ['0s', '1d'],
    'who hung up and calls again within this time gets the place back, with its time; 0s: nobody does',
  ),
} as const

const SOUNDS = [
  'musicOnHold',
  'welcomeSound',
  'transferSound',
  'busySound',
  'closedSound',
  'blockedSound',
  'overflowSound',
  'announceSound',
] as const
const ESTIMATE = ['queue/wait-one-minute', 'queue/wait-about', 'queue/wait-minutes']

/** Every sound that callers of a queue with these settings may hear. */
export function soundsOf(queue: WaitingGiven): string[] {
  const of = settingIn(WAITING_SETTINGS)
  const named = SOUNDS.map(name => of(queue, name)).filter(name => name !== '')
  if (of(queue, 'announceEveryMs') === 0) return named
  const position = of(queue, 'announcePosition') ? ['queue/position'] : []
  return [...named, ...position, ...(of(queue, 'announceEstimate') ? ESTIMATE : [])]
}

/** What was given for the waiting of one caller, or of all callers of a queue. */
export type WaitingGiven = Given<typeof WAITING_SETTINGS>
