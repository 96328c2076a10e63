/**
 * Who is let into a queue, when a caller leaves it without an agent, and how long a caller will wait: pure functions of
 * the queue's settings (or of what a flow gave for this caller) and of its agents. queue.ts and place.ts ask them.
 */
import { isPresent, type Agent } from '../agent/agent.ts'
import { isOpen, nextChange } from '../base/hours.ts'
import { settingIn } from '../base/settings.ts'
import type { Overflow, Reason } from './overflow.ts'
import { WAITING_SETTINGS, type WaitingGiven } from './waiting-settings.ts'

export const waitingSetting = settingIn(WAITING_SETTINGS)

/** The agents of a queue, as far as callers who wait depend on them. */
export interface Staffing {
  readonly loggedIn: number
  /** Logged in, and not on a break. */
  readonly present: number
  /** Since when nobody is logged in, or nobody is present, milliseconds since the epoch; 0: unknown. */
  readonly since: number
}

export function staffingOf(agents: Iterable<Agent>): Staffing {
  let [loggedIn, present, since] = [0, 0, 0]
  for (const agent of agents) {
    if (agent.status !== 'logged-out') loggedIn++
    if (isPresent(agent)) present++
    since = Math.max(since, agent.statusSince ?? 0)
  }
  return { loggedIn, present, since }
}

/** 'no-agents' and 'all-on-break': why nobody is present; null: somebody is. */
export const whyNobody = ({ loggedIn, present }: Staffing): 'no-agents' | 'all-on-break' | null =>
  present > 0 ? null : loggedIn > 0 ? 'all-on-break' : 'no-agents'

/**
 * Why a caller is not let in; null: the rules let the caller in. `estimateMs`: null when it is not known well enough.
 * The store knows whether the queue is full.
 */
export function whyRefused(
  settings: WaitingGiven,
  { staffing, estimateMs, now }: { staffing: Staffing; estimateMs: number | null; now: number },
): Reason | null {
  const hours = waitingSetting(settings, 'openHours')
  if (hours && !isOpen(hours, now)) return 'closed'
  const nobody = whyNobody(staffing)
  if (nobody === 'no-agents' && !waitingSetting(settings, 'enterWithoutAgents')) return nobody
  if (nobody === 'all-on-break' && !waitingSetting(settings, 'enterOnBreak')) return nobody
  const most = waitingSetting(settings, 'maxEstimateMs')
  return most > 0 && estimateMs !== null && estimateMs > most ? 'long-wait' : null
}

/** A moment at which a caller leaves the queue, milliseconds since the epoch. */
export interface Leave {
  readonly why: Reason
  readonly at: number
}

/**
 * When and why this caller leaves, if nothing changes until then; null: the caller waits without an end. As in
 * mod_callcenter: no agent is there when none is logged in (an agent on a break is), and a caller waits for one at
 * least `maxWaitWithoutAgents` and the grace, however long nobody has been there. `ignored`: reasons that the flow
 * knows already; it lets the caller wait on.
 */
export function nextLeave(
  settings: WaitingGiven,
  { joinedAt, staffing, now }: { joinedAt: number; staffing: Staffing; now: number },
  ignored: ReadonlySet<Reason>,
): Leave | null {
  const leaves: Leave[] = []
  const add = (why: Reason, at: number | null) => {
    if (at !== null && !ignored.has(why)) leaves.push({ why, at })
  }
  const nobody = whyNobody(staffing)
  const [maxWait, withoutAgents, onBreak] = [
    waitingSetting(settings, 'maxWaitMs'),
    waitingSetting(settings, 'maxWaitWithoutAgentsMs'),
    waitingSetting(settings, 'maxWaitOnBreakMs'),
  ]
  if (maxWait > 0) add('max-wait', joinedAt + maxWait)
  if (nobody === 'no-agents' && withoutAgents > 0) {
    const grace = waitingSetting(settings, 'withoutAgentsGraceMs')
    add(nobody, Math.max(staffing.since, joinedAt + grace) + withoutAgents)
  }
  if (nobody === 'all-on-break' && onBreak > 0) add(nobody, Math.max(staffing.since, joinedAt) + onBreak)
  const hours = waitingSetting(settings, 'openHours')
  if (hours && waitingSetting(settings, 'leaveWhenClosed'))
    add('closed', isOpen(hours, now) ? nextChange(hours, now) : now)
  return leaves.sort((a, b) => a.at - b.at)[0] ?? null
}

/** Do agents who come and go decide how long callers wait? */
export const dependsOnStaff = (settings: WaitingGiven): boolean =>
  waitingSetting(settings, 'maxWaitWithoutAgentsMs') > 0 || waitingSetting(settings, 'maxWaitOnBreakMs') > 0

/** Where the caller goes, and what the caller hears before. */
export function overflowOf(
  settings: WaitingGiven,
  why: Reason,
): { readonly overflow: Overflow; readonly sound: string } {
  const [target, sound] = WHEN[why]
  return { overflow: waitingSetting(settings, target), sound: waitingSetting(settings, sound) }
}

const WHEN = {
  blocked: ['whenBlocked', 'blockedSound'],
  closed: ['whenClosed', 'closedSound'],
  full: ['whenFull', 'busySound'],
  'no-agents': ['whenNoAgents', 'busySound'],
  'all-on-break': ['whenAllOnBreak', 'busySound'],
  'long-wait': ['whenLongWait', 'busySound'],
  'max-wait': ['whenMaxWait', 'overflowSound'],
  'exit-key': ['whenExitKey', 'overflowSound'],
} as const satisfies Record<Reason, readonly [keyof typeof WAITING_SETTINGS, keyof typeof WAITING_SETTINGS]>

/** The talks of a queue up to now. */
export interface TalkTime {
  readonly talks: number
  /** The mean of the last talks (about TALKS_COUNTED of them), in milliseconds. */
  readonly meanMs: number
}

export const NO_TALKS: TalkTime = { talks: 0, meanMs: 0 }
/** A newer talk counts more; what is older than so many talks counts little. */
export const TALKS_COUNTED = 50
/** With fewer talks the mean is chance, and callers are told nothing. */
const TALKS_NEEDED = 20

/** One more talk. The script swap-member.lua computes the same. */
export function withTalk({ talks, meanMs }: TalkTime, lastedMs: number): TalkTime {
  const weight = Math.min(talks + 1, TALKS_COUNTED)
  return { talks: talks + 1, meanMs: Math.round(meanMs + (lastedMs - meanMs) / weight) }
}

/**
 * How long a caller waits for each place in the order, in milliseconds; null while that is not known well enough. The
 * caller at position p waits p times as long:
 *
 *     position × mean handling time ÷ agents present
 *
 * Handling time: the mean of the last talks, and the mean wrap-up of the agents who are present. When n agents handle
 * calls of h each, one of them becomes free every h ÷ n, and the caller at position p gets the p-th. Agents of several
 * queues count in each, so with them it is too short. The usual figure of wallboards: callers waiting × AHT ÷ agents,
 * shown from 20 answered calls on.
 */
export function waitForEachPlace({ talks, meanMs }: TalkTime, agents: Iterable<Agent>): number | null {
  const present = [...agents].filter(isPresent)
  if (talks < TALKS_NEEDED || present.length === 0) return null
  const wrapUpMs = present.reduce((sum, agent) => sum + agent.wrapUpMs, 0) / present.length
  return (meanMs + wrapUpMs) / present.length
}
