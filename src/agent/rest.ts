/**
 * How long an agent rests after a call that did not become a talk. An unreachable telephone (not registered, or unknown
 * to FreeSWITCH) is tried twice. Then its agent is offered no calls until it registers, so that callers do not wait for
 * a telephone that cannot ring.
 */
import type { Log } from '../base/log.ts'
import type { Given } from '../base/settings.ts'
import { agentSetting, type AGENT_SETTINGS } from './settings.ts'

/**
 * How a reservation ended. unreachable: the telephone is not registered, FreeSWITCH does not know it, or it died during
 * the talk (MEDIA_TIMEOUT). failed: FreeSWITCH or the network failed.
 */
export const OUTCOMES = ['no-answer', 'busy', 'declined', 'failed', 'unreachable', 'caller-left', 'talked'] as const
export type Outcome = (typeof OUTCOMES)[number]

/**
 * After an unreachable telephone, as mod_callcenter does, and after a failure, so that the same telephone is not tried
 * again in a tight loop.
 */
const UNREACHED_MS = 5_000

/** How long the agent rests after this outcome, so that the next call is not lost on the same telephone. */
export function restMs(agent: Given<typeof AGENT_SETTINGS>, outcome: Outcome): number {
  switch (outcome) {
    case 'no-answer':
      return agentSetting(agent, 'restAfterNoAnswerMs')
    case 'busy':
      return agentSetting(agent, 'restAfterBusyMs')
    case 'declined':
      return agentSetting(agent, 'restAfterDeclinedMs')
    case 'failed':
    case 'unreachable':
      return UNREACHED_MS
    case 'caller-left':
    case 'talked':
      return 0
  }
}

/** After so many consecutive calls without a telephone the agent is unreachable. */
const TRIES = 2
/**
 * The registration may go unseen (a connection was down; the endpoint leads through a gateway): after so long it is
 * tried again.
 */
export const UNREACHABLE_MS = 300_000
/** After these outcomes the telephone is known to be reachable. */
const RANG: ReadonlySet<Outcome> = new Set(['no-answer', 'busy', 'declined'])

/** The parts of an agent's record that this file reads (agent.ts). */
interface Tried extends Given<typeof AGENT_SETTINGS> {
  readonly noAnswers: number
  readonly unreached?: number | undefined
}

export const isUnreachable = ({ unreached = 0 }: Pick<Tried, 'unreached'>): boolean => unreached >= TRIES

/** The rest and the counts after a call that did not become a talk. */
export function afterCall(before: Tried, outcome: Outcome): { restMs: number; noAnswers: number; unreached: number } {
  const noAnswers = before.noAnswers + (outcome === 'no-answer' ? 1 : 0)
  const rest = restMs(before, outcome)
  if (outcome !== 'unreachable')
    return { restMs: rest, noAnswers, unreached: RANG.has(outcome) ? 0 : (before.unreached ?? 0) }
  const unreached = (before.unreached ?? 0) + 1
  return { restMs: isUnreachable({ unreached }) ? UNREACHABLE_MS : rest, noAnswers, unreached }
}

/** What a talk means for the next call. A telephone that died is tried when it registers, or five minutes later. */
export const afterTalk = (outcome: Outcome, now: number): { unreached?: number; restUntil?: number } =>
  outcome === 'unreachable' ? { unreached: TRIES, restUntil: now + UNREACHABLE_MS } : {}

/** Logs once, at the call that makes the agent unreachable. Takes the record after a call that found no telephone. */
export function warnOnceUnreachable(
  log: Log,
  { name, endpoint, unreached }: Pick<Tried, 'unreached'> & { readonly name: string; readonly endpoint: string },
): void {
  if (unreached === TRIES)
    log.warn(
      { agent: name, endpoint, tries: TRIES, minutes: UNREACHABLE_MS / 60_000 },
      'agent telephone unreachable; no calls are offered until it registers or `minutes` have passed',
    )
}
