/**
 * A caller asks to be let into a queue: the list of numbers, the rules of the queue and its length decide. Used by
 * queue.ts for callers whose flow enters them; leads of campaigns are always let in.
 */
import { knownNumber } from './left-place.ts'
import type { Joining, Member } from './member.ts'
import type { Reason } from './overflow.ts'
import type { QueueStore } from './store.ts'
import type { WaitingFacts } from './waiting-facts.ts'
import { waitingSetting, whyRefused } from './waiting-rules.ts'
import type { WaitingGiven } from './waiting-settings.ts'

/** A node that dies during a welcome keeps its caller from agents for so long at most. */
const LONGEST_WELCOME_MS = 60_000

export interface Admission {
  readonly store: QueueStore
  readonly facts: WaitingFacts
  /** The queue in use to which the name leads. */
  readonly queue: string
  readonly joining: Joining
  /** The head start of the caller where the order counts from the begin of the call. */
  readonly headStartOfCallMs: number
  /** What the flow gave for this caller, instead of the settings of the queue. */
  readonly given: WaitingGiven
  /** How many callers wait there now. */
  readonly length: number
  readonly now: number
}

/** The caller is not let in. `settings`: what counts for this caller. */
export interface Refused {
  readonly why: Reason
  readonly settings: WaitingGiven
}

/** The caller's place, or why there is none. A caller who has a place already keeps it. */
export async function admitted(asked: Admission): Promise<Member | Refused> {
  const { store, facts, queue, joining, headStartOfCallMs, given, length, now } = asked
  const number = knownNumber(joining.from)
  const settings = { ...facts.settings(queue), ...given }
  const [rule] = await Promise.all([
    number === null ? null : store.numberRule(queue, number),
    waitingSetting(settings, 'maxEstimateMs') > 0 || waitingSetting(settings, 'announceEstimate')
      ? facts.learnTalkTime(queue)
      : null,
  ])
  const why = rule?.blocked
    ? 'blocked'
    : whyRefused(settings, { staffing: facts.staffing(queue), estimateMs: facts.estimateAt(queue, length + 1), now })
  if (why && (await store.member(queue, joining.call)) === null) return { why, settings }
  const priority = joining.priority ?? rule?.priority
  // no agent is offered before the welcome is heard: the flow asks for one then
  const passedUntil = waitingSetting(settings, 'welcomeSound') === '' ? 0 : now + LONGEST_WELCOME_MS
  const headStartMs = waitingSetting(settings, 'timeBaseScore') === 'system' ? headStartOfCallMs : joining.headStartMs
  const asks = { ...joining, headStartMs, passedUntil, ...(priority !== undefined && { priority }) }
  const place = await store.admit(queue, asks, now, {
    most: waitingSetting(settings, 'maxLength'),
    number: waitingSetting(settings, 'resumeWithinMs') > 0 ? number : null,
  })
  return place === 'full' ? { why: place, settings } : place
}
