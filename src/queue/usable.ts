/**
 * Which of the free agents of a queue a caller may get now: the rules that hold for every strategy, in this order.
 *
 *   on-line      a lead gets an agent who is on the line at the lead's FreeSWITCH
 *   inbound-only an agent without the setting takesLeads gets no lead of a campaign
 *   skill        the agent has every skill that the caller needs, at that level (agent/skills.ts)
 *   tier         agents of a higher level wait until the caller has waited for some time (setting tierWait)
 *   promised     a callback that an agent has promised waits for that agent for some time (setting callbackAgentWait)
 *   last-agent   the caller gets the agent with whom they talked last, or waits for that agent for some time (settings
 *                remember and rememberWait)
 *   less-skilled of the others those with most of the preferred skills
 */
import { isPresent, type Agent } from '../agent/agent.ts'
import { agentSetting } from '../agent/settings.ts'
import { levelOf, type SkillNeed } from '../agent/skills.ts'
import type { Member } from './member.ts'
import { settingOf, type QueueSettings } from './settings.ts'
import type { Candidate } from './strategy.ts'

export type NotForCaller =
  | 'on-line'
  | 'inbound-only'
  | 'skill'
  | 'tier'
  | 'promised'
  | 'last-agent'
  | 'less-skilled'
  | 'telephone-in-use'

export interface Usable {
  readonly agents: readonly Candidate[]
  readonly skipped: readonly { readonly agent: string; readonly why: NotForCaller }[]
  /** When time alone makes more agents usable, ms since the epoch; null: time changes nothing. */
  readonly lookAgainAt: number | null
}

/**
 * @param free The agents of the queue who can take a call now.
 * @param staff All agents of the queue, by name.
 */
export function usableFor(
  member: Member,
  queue: QueueSettings,
  free: readonly Candidate[],
  staff: ReadonlyMap<string, Candidate>,
  now: number,
): Usable {
  const isLead = member.isLead === true
  const needs = member.needs ?? settingOf(queue, 'skills')
  const tierWaitMs = settingOf(queue, 'tierWaitMs')
  const promised = member.callback?.agent
  const { onLine, lastAgent } = member // a lead has no time for the rules of tiers
  const plain = !onLine && !isLead && needs.length === 0 && tierWaitMs === 0
  if (plain && lastAgent === undefined && promised === undefined)
    return { agents: free, skipped: [], lookAgainAt: null } // the usual case

  const skipped: { agent: string; why: NotForCaller }[] = []
  let lookAgainAt = Infinity
  let agents = free
  /** Keeps those for whom `waitMs` has passed. Infinity: they never fit. */
  const keep = (why: NotForCaller, waitMs: (candidate: Candidate) => number) => {
    agents = agents.filter(candidate => {
      const until = member.joinedAt + waitMs(candidate)
      if (until <= now) return true
      lookAgainAt = Math.min(lookAgainAt, until)
      skipped.push({ agent: candidate.agent.name, why })
      return false
    })
  }
  if (onLine !== undefined) keep('on-line', ({ agent }) => (isOnLine(agent, onLine) ? 0 : Infinity))
  if (isLead) keep('inbound-only', ({ agent }) => (agentSetting(agent, 'takesLeads') ? 0 : Infinity))
  keep('skill', ({ agent }) => Math.max(0, ...needs.map(need => waitForSkill(agent, need))))
  if (tierWaitMs > 0 && onLine === undefined) keep('tier', candidate => waitForTier(candidate, queue, staff))
  if (promised !== undefined) {
    const waitMs = (member.callback!.agentUntil ?? 0) - member.joinedAt
    keep('promised', ({ agent }) => (agent.name === promised ? 0 : waitMs))
  }
  const last = member.lastOffered === undefined ? staff.get(member.lastAgent ?? '') : undefined
  if (last && isPresent(last.agent)) {
    const isFree = agents.includes(last)
    const waitMs = isFree ? Infinity : settingOf(queue, 'rememberWaitMs')
    keep('last-agent', candidate => (candidate === last ? 0 : waitMs))
  }
  const most = Math.max(0, ...agents.map(({ agent }) => preferred(agent, needs)))
  keep('less-skilled', ({ agent }) => (preferred(agent, needs) === most ? 0 : Infinity))
  return { agents, skipped, lookAgainAt: lookAgainAt === Infinity ? null : lookAgainAt }
}

/** A record of an older version does not name the FreeSWITCH: then the lead's flow finds out. */
const isOnLine = ({ nailed }: Agent, core: string): boolean => nailed !== null && (nailed.core ?? core) === core

const has = (agent: Agent, { skill, level }: SkillNeed): boolean =>
  levelOf(agentSetting(agent, 'skills'), skill) >= level

const waitForSkill = (agent: Agent, need: SkillNeed): number => (has(agent, need) ? 0 : (need.requiredMs ?? Infinity))

/** How many of the caller's needs the agent meets: the required ones count for all who are left. */
const preferred = (agent: Agent, needs: readonly SkillNeed[]): number => needs.filter(need => has(agent, need)).length

/**
 * Agents of level 1, and of the lowest level that somebody serves, wait for nobody. mod_callcenter counts from level 0:
 * with its rules even agents of level 1 wait.
 */
function waitForTier({ tier }: Candidate, queue: QueueSettings, staff: ReadonlyMap<string, Candidate>): number {
  const waitMs = settingOf(queue, 'tierWaitMs')
  if (tier.level === 1) return 0
  if (settingOf(queue, 'tierSkipsEmpty')) {
    const isLowest = ![...staff.values()].some(one => one.tier.level < tier.level && isPresent(one.agent))
    if (isLowest) return 0
  }
  return settingOf(queue, 'tierWaitMultiplies') ? (tier.level - 1) * waitMs : waitMs
}
