/**
 * The floor (all queues, agents and running campaigns) as it is now, for the status lines.
 */
import type { Roster } from '../agent/roster.ts'
import { countAgents, type AgentCounts } from '../agent/words.ts'
import type { AdmissionState } from '../call/admission.ts'
import type { DialStatuses, DialStatusPart } from '../campaign/dial-status.ts'
import { campaignFigures, type CampaignFigures } from '../campaign/figures.ts'
import { policyOf } from '../campaign/law/laws.ts'
import { queueFigures, type QueueFigures } from '../queue/figures.ts'
import type { QueueStore } from '../queue/store.ts'
import { campaigns, type CampaignRow } from '../store/campaigns.ts'
import type { Sql } from '../store/sql.ts'
import type { Skew } from './clock-skew.ts'

export interface DialledCampaign extends CampaignFigures {
  /** The part of the people who answered that may be abandoned, 0 to 1. */
  readonly abandonLimit: number
  /** What was decided last, at each FreeSWITCH; empty: no node dials it now. */
  readonly decided: readonly DialStatusPart[]
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
  readonly campaigns: readonly DialledCampaign[]
}

/** The floor as it was read from the stores. */
export interface Floor extends FloorSnapshot {
  readonly queues: readonly QueueFigures[]
}

export interface FloorStores {
  readonly sql: Sql
  readonly roster: Roster
  readonly queueStore: QueueStore
  readonly statuses: Pick<DialStatuses, 'read'>
}

/** Returns the floor. `calls`: the number of flows that run on this node. Rejects when a store cannot be reached. */
export async function readFloor(stores: FloorStores, calls: number, now: number): Promise<Floor> {
  const [queues, agents, running] = await Promise.all([
    queueFigures(stores, now),
    stores.roster.list(now),
    campaigns(stores.sql, 'running'),
  ])
  const counts = countAgents(agents, now)
  const waits = queues.map(queue => queue.longestWaitMs).filter(wait => wait !== null)
  return {
    queues,
    calls,
    waiting: queues.reduce((sum, queue) => sum + queue.waiting + queue.offered, 0),
    longestWaitMs: waits.length === 0 ? null : Math.max(...waits),
    talking: counts.talking,
    agents: counts,
    campaigns: await Promise.all(running.map(campaign => dialled(stores, campaign))),
  }
}

async function dialled({ sql, statuses }: FloorStores, campaign: CampaignRow): Promise<DialledCampaign> {
  const [figures, status] = await Promise.all([campaignFigures(sql, campaign), statuses.read(campaign.id)])
  return { ...figures, abandonLimit: policyOf(campaign.law).maxAbandoned, decided: status?.parts ?? [] }
}
