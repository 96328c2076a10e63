/**
 * The floor (all queues, agents and running campaigns) as it is now, for the status lines and the lists of the command
 * line.
 */
import { isHeldForLead, type Agent } from '../agent/agent.ts'
import { isUnreachable } from '../agent/rest.ts'
import type { Roster } from '../agent/roster.ts'
import type { AdmissionState } from '../call/admission.ts'
import type { QueueStats, QueueStore } from '../queue/store.ts'
import { campaigns } from '../store/campaigns.ts'
import type { Sql } from '../store/sql.ts'
import { campaignFigures, type CampaignFigures } from './campaign-figures.ts'
import type { Skew } from './clock-skew.ts'

/**
 * The words for what an agent does, from the status that the agent chose and from the state that the system sees. In
 * the order of display.
 */
export const AGENT_WORDS = [
  'ready',
  'resting',
  'unreachable',
  'ringing',
  'talking',
  'wrap-up',
  'elsewhere',
  'break',
  'out',
] as const
export type AgentWord = (typeof AGENT_WORDS)[number]
export type AgentCounts = Readonly<Record<AgentWord, number>>

/**
 * The state has precedence over the status: an agent who talks is 'talking', even on a break. An agent who is reserved
 * for a lead that has not answered counts as idle. 'resting': after an unanswered call or a busy telephone, the agent
 * is offered no call for a while. 'unreachable': the agent is offered no call until the telephone registers.
 */
export function wordOf(
  agent: Pick<Agent, 'state' | 'status' | 'reservation' | 'restUntil' | 'unreached'>,
  now: number,
): AgentWord {
  const { state, status, restUntil } = agent
  const waits = state === 'idle' || isHeldForLead(agent)
  if (state === 'reserved' && !waits) return 'ringing'
  if (state === 'busy-elsewhere') return 'elsewhere'
  if (!waits) return state as AgentWord
  if (status === 'break') return 'break'
  if (status === 'logged-out') return 'out'
  if (restUntil <= now) return 'ready'
  return isUnreachable(agent) ? 'unreachable' : 'resting'
}

export function countAgents(agents: readonly Agent[], now: number): AgentCounts {
  const counts = Object.fromEntries(AGENT_WORDS.map(word => [word, 0])) as Record<AgentWord, number>
  for (const agent of agents) counts[wordOf(agent, now)] += 1
  return counts
}

export interface QueueFigures {
  readonly name: string
  readonly strategy: string
  /** Callers to whom no agent is reserved yet. */
  readonly waiting: number
  /** Callers for whom an agent is reserved or rings. */
  readonly offered: number
  /** The longest wait of all callers in the queue, including offered ones; null when nobody waits. */
  readonly longestWaitMs: number | null
  readonly talking: number
  readonly agents: AgentCounts
  readonly since: QueueStats
}

export interface FloorSnapshot {
  /** Calls in flows on this node, including those that wait or talk. */
  readonly calls: number
  readonly waiting: number
  readonly longestWaitMs: number | null
  readonly talking: number
  readonly agents: AgentCounts
  /** Whether this process accepts new calls; absent: it accepts all. */
  readonly admission?: AdmissionState
  /** FreeSWITCH servers ('host:port') to which this process has no connection; absent: none. */
  readonly lost?: readonly string[]
  /** The differences of the clocks; absent: none. */
  readonly skew?: Skew
  /** Calls from a FreeSWITCH that the setting FREESWITCH does not name; none of them was served. Absent: none. */
  readonly unnamed?: number
  /** The running campaigns. */
  readonly campaigns: readonly CampaignFigures[]
}

export interface FloorStores {
  readonly sql: Sql
  readonly roster: Roster
  readonly queueStore: QueueStore
}

/** Returns the figures of each queue, sorted by name. Rejects when Redis cannot be reached. */
export async function queueFigures(
  { roster, queueStore }: Omit<FloorStores, 'sql'>,
  now: number,
): Promise<QueueFigures[]> {
  const [queues, agents] = await Promise.all([queueStore.queues(), roster.list(now)])
  return Promise.all(
    queues
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(async ({ name, strategy }) => {
        const [members, since] = await Promise.all([queueStore.members(name), queueStore.stats(name)])
        const inLine = members.filter(member => member.state !== 'talking')
        const offered = inLine.filter(member => member.state === 'offered').length
        const longestWaitMs = inLine.length === 0 ? null : now - Math.min(...inLine.map(member => member.joinedAt))
        const own = countAgents(
          agents.filter(agent => agent.queues.some(tier => tier.queue === name)),
          now,
        )
        return {
          name,
          strategy,
          waiting: inLine.length - offered,
          offered,
          longestWaitMs,
          talking: members.length - inLine.length,
          agents: own,
          since,
        }
      }),
  )
}

/** Returns the floor. `calls`: the number of flows that run on this node. Rejects when a store cannot be reached. */
export async function readFloor(stores: FloorStores, calls: number, now: number): Promise<FloorSnapshot> {
  const [queues, agents, running] = await Promise.all([
    queueFigures(stores, now),
    stores.roster.list(now),
    campaigns(stores.sql, 'running'),
  ])
  const counts = countAgents(agents, now)
  const waits = queues.map(queue => queue.longestWaitMs).filter(wait => wait !== null)
  return {
    calls,
    waiting: queues.reduce((sum, queue) => sum + queue.waiting + queue.offered, 0),
    longestWaitMs: waits.length === 0 ? null : Math.max(...waits),
    talking: counts.talking,
    agents: counts,
    campaigns: await Promise.all(running.map(campaign => campaignFigures(stores.sql, campaign))),
  }
}
