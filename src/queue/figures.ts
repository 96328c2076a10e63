/** The figures of the queues as they are now. Used by the status lines and the operations. */
import type { Agent } from '../agent/agent.ts'
import type { Roster } from '../agent/roster.ts'
import { countAgents, type AgentCounts } from '../agent/words.ts'
import { inBatches } from '../base/batches.ts'
import { isOverdue, type Member } from './member.ts'
import { isInUse, wayTo } from './settings.ts'
import { QUEUES_AT_ONCE, type QueueStore } from './store.ts'
import type { QueueStats } from './queue-table.ts'
import { waitForEachPlace, type TalkTime } from './waiting-rules.ts'

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
  /** Those of them who could be called now and are not: isOverdue in member.ts. */
  readonly overdueCallbacks: number
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
  const names = grouped(all, ({ name }) => [wayTo(name, byName)?.at(-1) ?? name])
  const staff = grouped(agents, ({ queues }) => queues.map(tier => tier.queue))
  const inUse = all.filter(isInUse).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return inBatches(inUse, QUEUES_AT_ONCE, async ({ name, strategy }) => {
    const [since, talkTime, ...places] = await Promise.all([
      queueStore.stats(name),
      queueStore.talkTime(name),
      ...names.get(name)!.map(one => queueStore.members(one.name)),
    ])
    return { name, strategy, since, ...countPlaces(places.flat(), staff.get(name) ?? [], talkTime, now) }
  })
}

function countPlaces(
  members: readonly Member[],
  staff: readonly Agent[],
  talkTime: TalkTime,
  now: number,
): Omit<QueueFigures, 'name' | 'strategy' | 'since'> {
  const callbacks = members.filter(({ callback }) => callback)
  const inLine = members.filter(member => member.state !== 'talking' && !member.callback)
  const offered = inLine.filter(member => member.state === 'offered').length
  const each = waitForEachPlace(talkTime, staff)
  const position = inLine.length - offered + callbacks.length + 1
  return {
    waiting: inLine.length - offered,
    offered,
    longestWaitMs: inLine.length === 0 ? null : now - Math.min(...inLine.map(member => member.joinedAt)),
    estimatedWaitMs: each === null ? null : Math.round(position * each),
    talking: members.length - inLine.length - callbacks.length,
    callbacks: callbacks.length,
    overdueCallbacks: callbacks.filter(member => isOverdue(member, now)).length,
    agents: countAgents(staff, now),
  }
}

/** The elements under each of their keys. */
function grouped<T>(elements: readonly T[], keysOf: (one: T) => readonly string[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of elements)
    for (const key of keysOf(one)) {
      const group = groups.get(key)
      if (group) group.push(one)
      else groups.set(key, [one])
    }
  return groups
}
