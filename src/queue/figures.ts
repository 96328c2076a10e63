/** The figures of the queues as they are now. Used by the status lines and the operations. */
import type { Roster } from '../agent/roster.ts'
import { countAgents, type AgentCounts } from '../agent/words.ts'
import { isInUse, wayTo } from './settings.ts'
import type { QueueStore } from './store.ts'
import type { QueueStats } from './queue-table.ts'
import { waitForEachPlace } from './waiting-rules.ts'

export interface QueueFigures {
  readonly name: string
  readonly strategy: string
  /** Callers to whom no agent is reserved yet. */
  readonly waiting: number
  /** Callers for whom an agent is reserved or rings. */
  readonly offered: number
  /** The longest wait of all callers in the queue, including offered ones; null when nobody waits. */
  readonly longestWaitMs: number | null
  /** How long somebody who comes now will wait; null while that is not known well enough (waiting-rules.ts). */
  readonly estimatedWaitMs: number | null
  readonly talking: number
  /** Customers who wait to be called back: their places are in the same order. */
  readonly callbacks: number
  readonly agents: AgentCounts
  readonly since: QueueStats
}

/**
 * Returns the figures of each queue in use, sorted by name. Callers who still talk in a removed queue count in the
 * queue to which its name leads. Rejects when Redis cannot be reached.
 */
export async function queueFigures(
  { roster, queueStore }: { readonly roster: Roster; readonly queueStore: QueueStore },
  now: number,
): Promise<QueueFigures[]> {
  const [all, agents] = await Promise.all([queueStore.everyQueue(), roster.list(now)])
  const byName = new Map(all.map(queue => [queue.name, queue]))
  return Promise.all(
    all
      .filter(isInUse)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(async ({ name, strategy }) => {
        const names = all.map(queue => queue.name).filter(one => wayTo(one, byName)?.at(-1) === name)
        const [since, talkTime, ...places] = await Promise.all([
          queueStore.stats(name),
          queueStore.talkTime(name),
          ...names.map(one => queueStore.members(one)),
        ])
        const members = places.flat()
        const callbacks = members.filter(({ callback }) => callback)
        const inLine = members.filter(member => member.state !== 'talking' && !member.callback)
        const offered = inLine.filter(member => member.state === 'offered').length
        const longestWaitMs = inLine.length === 0 ? null : now - Math.min(...inLine.map(member => member.joinedAt))
        const staff = agents.filter(agent => agent.queues.some(tier => tier.queue === name))
        const each = waitForEachPlace(talkTime, staff)
        const position = inLine.length - offered + callbacks.length + 1
        return {
          name,
          strategy,
          waiting: inLine.length - offered,
          offered,
          longestWaitMs,
          estimatedWaitMs: each === null ? null : Math.round(position * each),
          talking: members.length - inLine.length - callbacks.length,
          callbacks: callbacks.length,
          agents: countAgents(staff, now),
          since,
        }
      }),
  )
}
