/** The floor as it is now: who waits, who talks, what the campaigns have come to. For the status line and for lists. */
import { isHeldForLead, type Agent } from '../agent/agent.ts'
import { isUnreachable } from '../agent/rest.ts'
import type { Roster } from '../agent/roster.ts'
import type { AdmissionState } from '../call/admission.ts'
import type { QueueStats, QueueStore } from '../queue/store.ts'
import { campaigns } from '../store/campaigns.ts'
import type { Sql } from '../store/sql.ts'
import { campaignFigures, type CampaignFigures } from './campaign-figures.ts'
import type { Skew } from './clock-skew.ts'

/** What a supervisor calls it, from the person's choice and what the system sees; in the order in which it is told. */
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
 * What the system sees goes first: who talks is talking, even on a break. For an agent who waits for a lead to answer nothing has changed.
 * Resting: after a call that was not answered, or a busy telephone, nothing is offered for a while. Unreachable: until the telephone registers.
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
  /** Nobody is on the way to them yet. */
  readonly waiting: number
  /** An agent is promised to them or rings. */
  readonly offered: number
  /** Of those who wait, offered ones included; null when nobody does. */
  readonly longestWaitMs: number | null
  readonly talking: number
  readonly agents: AgentCounts
  readonly since: QueueStats
}

export interface FloorSnapshot {
  /** People in flows on this node, those who wait or talk included. */
  readonly calls: number
  readonly waiting: number
  readonly longestWaitMs: number | null
  readonly talking: number
  readonly agents: AgentCounts
  /** What this process takes on; absent: everything. */
  readonly admission?: AdmissionState
  /** Switches ('host:port') of which this process hears nothing; absent: none. */
  readonly lost?: readonly string[]
  /** How far clocks are apart; absent: not at all. */
  readonly skew?: Skew
  /** Calls of a switch that FREESWITCH does not name: none of them was served. Absent: none. */
  readonly unnamed?: number
  /** Those that run. */
  readonly campaigns: readonly CampaignFigures[]
}

export interface FloorStores {
  readonly sql: Sql
  readonly roster: Roster
  readonly queueStore: QueueStore
}

/** Rejects when a store is away. */
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

/** `calls`: the flows that run on this node. Rejects when a store is away. */
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
