/**
 * Queues and agents are defined in PostgreSQL; Redis holds their state of the moment. This keeps the two together:
 *
 *   at start          what Redis lacks, or has with other settings, is written to it. What only Redis knows (an
 *                     installation of an older version, a change whose PostgreSQL part is missing) is adopted by
 *                     PostgreSQL; nothing is deleted here.
 *   every 2 s         a mark in Redis is compared. When it is gone, or another one, Redis has lost its data (FLUSHALL,
 *                     a new server): the agents are written again as this node knew them, with their status, and every
 *                     node reads its queues again, so that the callers get back their places.
 */
import { isDeepStrictEqual } from 'node:util'
import { tiersOf, type Agent } from '../agent/agent.ts'
import type { BreakReason } from '../agent/break-reasons.ts'
import type { Roster } from '../agent/roster.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import { AGENT_SETTINGS, type AgentSettings } from '../agent/settings.ts'
import type { Clock, Timer } from '../base/clock.ts'
import { InputError, NotFoundError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import { readSettings, settingsOf, unknownIn, type Settings } from '../base/settings.ts'
import { ruleKey, type NumberKey, type NumberRule } from '../queue/number-rules.ts'
import { QUEUE_SETTINGS } from '../queue/settings.ts'
import type { QueueSettings, QueueStore } from '../queue/store.ts'
import {
  agentRows,
  deleteAgent,
  queueRows,
  saveAgent,
  saveQueue,
  type AgentRow,
  type QueueRow,
} from '../store/definitions.ts'
import { breakReasonRows, deleteBreakReason, saveBreakReason } from '../store/break-reasons.ts'
import { moveCallbacks } from '../store/callbacks.ts'
import { deleteNumberRule, numberRules, saveNumberRule } from '../store/number-rules.ts'
import type { Sql } from '../store/sql.ts'

/** So a flushed Redis is filled again within 10 s: found within 2 s, written within a second or two. */
const LOOK_MS = 2_000

export interface DefinitionStores {
  readonly sql: Sql
  readonly roster: Roster
  readonly queueStore: QueueStore
}

export interface DefinitionsParts extends DefinitionStores {
  /** This node's copy of the agents. */
  readonly mirror: Pick<RosterMirror, 'all'>
  readonly clock: Clock
  readonly log: Log
  /** Redis has lost its data, and the definitions are in it again. */
  restored(): void
}

/** Adds a queue, or changes its settings. Throws InputError for settings that cannot be used. */
export async function defineQueue(stores: DefinitionStores, queue: QueueSettings, now: number): Promise<void> {
  await stores.queueStore.put(queue)
  await saveQueue(stores.sql, queueRow(queue), now, Object.keys(QUEUE_SETTINGS))
}

/**
 * Removes a queue whose callers may come and wait at any time: from now on its name leads to the queue `to`, and each
 * node moves the places of its waiting callers there. PostgreSQL first: a node that starts in between does the rest.
 */
export async function moveQueue(
  stores: DefinitionStores,
  queue: QueueSettings,
  to: string,
  now: number,
): Promise<void> {
  const moved = { ...queue, movedTo: to }
  await stores.sql.begin(async tx => {
    await saveQueue(tx, queueRow(moved), now, Object.keys(QUEUE_SETTINGS))
    await moveCallbacks(tx, queue.name, to)
  })
  await stores.queueStore.put(moved)
}

/** Adds an agent (logged out), or changes its settings. Throws InputError for settings that cannot be used. */
export async function defineAgent(stores: DefinitionStores, agent: AgentSettings, now: number): Promise<Agent> {
  const added = await stores.roster.put(agent, now)
  await saveAgent(stores.sql, agentRow(agent), now, Object.keys(AGENT_SETTINGS))
  return added
}

/** Removes an agent; a live call goes on. Throws NotFoundError without one. */
export async function removeAgent({ sql, roster }: DefinitionStores, name: string, now: number): Promise<void> {
  const known = await roster.list(now)
  const [wasDefined, wasKnown] = [await deleteAgent(sql, name), await roster.remove(name, now)]
  if (wasDefined || wasKnown) return
  throw new NotFoundError(
    'agent',
    name,
    known.map(agent => agent.name),
  )
}

/** Adds a reason for breaks, or changes its limit. */
export async function defineBreakReason(
  { sql, roster }: DefinitionStores,
  reason: BreakReason,
  now: number,
): Promise<void> {
  await saveBreakReason(sql, reason, now)
  await roster.putBreakReason(reason)
}

/** Removes a reason for breaks. Throws NotFoundError without one. */
export async function removeBreakReason({ sql, roster }: DefinitionStores, reason: string): Promise<void> {
  const known = await roster.breakReasons()
  const [wasDefined, wasKnown] = [await deleteBreakReason(sql, reason), await roster.removeBreakReason(reason)]
  if (wasDefined || wasKnown) return
  throw new NotFoundError(
    'break reason',
    reason,
    known.map(one => one.reason),
  )
}

/** Adds a rule for a number, or changes it. */
export async function defineNumberRule(stores: DefinitionStores, rule: NumberRule, now: number): Promise<void> {
  await saveNumberRule(stores.sql, rule, now)
  await stores.queueStore.putNumberRule(rule)
}

/** False when there was none. */
export async function removeNumberRule({ sql, queueStore }: DefinitionStores, rule: NumberKey): Promise<boolean> {
  const wasThere = await deleteNumberRule(sql, rule)
  await queueStore.removeNumberRule(rule)
  return wasThere
}

export class Definitions implements Disposable {
  readonly #parts: DefinitionsParts
  readonly #outage: Outage
  #timer: Timer | null = null
  #closed = false
  #mark: string | null = null
  /** The agents as they were when Redis last had its data: the copy follows Redis, and is empty when a new Redis is. */
  #known: readonly Agent[] = []

  constructor(parts: DefinitionsParts) {
    this.#parts = parts
    const { clock, log } = parts
    this.#outage = new Outage({ what: 'the comparison of definitions with Redis', fields: {}, clock, log })
  }

  /** Rejects when a store is unavailable. */
  async start(): Promise<void> {
    await this.#sync()
    this.#lookLater()
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #lookLater(): void {
    if (!this.#closed) this.#timer = this.#parts.clock.after(LOOK_MS, () => void this.#look())
  }

  async #look(): Promise<void> {
    const { queueStore, mirror, log, restored } = this.#parts
    try {
      if ((await queueStore.markThere()) !== this.#mark) {
        log.error(
          'Redis has lost its data: queues and agents are written to it again, and callers get back their places',
        )
        await this.#sync()
        await queueStore.resync()
        restored()
      }
      this.#known = mirror.all()
      this.#outage.end()
    } catch (error) {
      this.#outage.away((error as Error).message)
    }
    this.#lookLater()
  }

  async #sync(): Promise<void> {
    const { sql, roster, queueStore, mirror, clock } = this.#parts
    const now = clock.now()
    // Redis first: what is added meanwhile is in both
    const agents = byName(await roster.list(now))
    const queues = byName(await queueStore.everyQueue())
    const defined = { agents: byName(await agentRows(sql)), queues: byName(await queueRows(sql)) }
    await this.#adopt(without(agents, defined.agents), without(queues, defined.queues), now)
    for (const [name, row] of defined.queues)
      await this.#apply({ queue: name }, async () => {
        const queue = queues.get(name)
        if (!queue || !isDeepStrictEqual(queueRow(queue), knownIn(QUEUE_SETTINGS, row)))
          await queueStore.put(queueOf(row))
      })
    const known = byName([...mirror.all(), ...this.#known])
    for (const [name, row] of defined.agents)
      await this.#apply({ agent: name }, async () => {
        const agent = agents.get(name)
        const copy = known.get(name)
        // of several nodes that know an agent's status and state the first one writes
        if (!agent && copy) await roster.restore(copy, now)
        else if (!agent || !isDeepStrictEqual(agentRow(agent), knownIn(AGENT_SETTINGS, row)))
          await roster.put(agentOf(row), now, unknownIn(AGENT_SETTINGS, row.settings, []))
      })
    const reasons = await breakReasonRows(sql)
    const gone = (await roster.breakReasons()).filter(one => reasons.every(({ reason }) => reason !== one.reason))
    for (const { reason } of gone) await roster.removeBreakReason(reason)
    for (const reason of reasons) await roster.putBreakReason(reason)
    await this.#syncNumbers()
    this.#mark = await queueStore.mark()
  }

  /** PostgreSQL alone has the rules for numbers: Redis gets them all, and loses what PostgreSQL does not have. */
  async #syncNumbers(): Promise<void> {
    const { sql, queueStore } = this.#parts
    const known = byKey(await queueStore.numberRules())
    const defined = byKey(await numberRules(sql))
    for (const [key, rule] of defined)
      if (!isDeepStrictEqual(known.get(key), rule)) await queueStore.putNumberRule(rule)
    for (const [key, rule] of known) if (!defined.has(key)) await queueStore.removeNumberRule(rule)
  }

  /** A row of a newer version, with a value that this one does not know, keeps nobody from starting. */
  async #apply(what: { queue: string } | { agent: string }, define: () => Promise<void>): Promise<void> {
    try {
      await define()
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      this.#parts.log.error(
        { ...what, error: error.message },
        'settings in PostgreSQL cannot be used; the queue or agent keeps the settings that Redis has',
      )
    }
  }

  /** PostgreSQL learns what only Redis knows. */
  async #adopt(agents: readonly Agent[], queues: readonly QueueSettings[], now: number): Promise<void> {
    const { sql, log } = this.#parts
    if (agents.length + queues.length === 0) return
    for (const queue of queues) await saveQueue(sql, queueRow(queue), now, Object.keys(QUEUE_SETTINGS))
    for (const agent of agents) await saveAgent(sql, agentRow(agent), now, Object.keys(AGENT_SETTINGS))
    log.info(
      { queues: queues.length, agents: agents.length },
      'queues and agents that only Redis knew were written to PostgreSQL',
    )
  }
}

const byKey = (rules: readonly NumberRule[]): Map<string, NumberRule> =>
  new Map(
    rules.map(({ number, queue, priority, blocked, note }) => {
      const rule = { number, queue, priority, blocked, note }
      return [ruleKey(rule), rule]
    }),
  )

const byName = <T extends { readonly name: string }>(all: readonly T[]): Map<string, T> =>
  new Map(all.map(one => [one.name, one]))

const without = <T>(all: ReadonlyMap<string, T>, known: ReadonlyMap<string, unknown>): T[] =>
  [...all].flatMap(([name, one]) => (known.has(name) ? [] : [one]))

/** The row without the settings of a newer version: they are no reason to write the record again. */
const knownIn = <R extends { readonly settings: Readonly<Record<string, unknown>> }>(all: Settings, row: R): R => ({
  ...row,
  settings: settingsOf(all, row.settings),
})

const queueRow = (queue: QueueSettings): QueueRow => {
  const { name, strategy, movedTo } = queue
  return { name, strategy, ...(movedTo !== undefined && { movedTo }), settings: settingsOf(QUEUE_SETTINGS, queue) }
}

const queueOf = ({ settings, ...queue }: QueueRow): QueueSettings => ({
  ...queue,
  ...readSettings(QUEUE_SETTINGS, settings),
})

const agentRow = (agent: AgentSettings & Pick<Agent, 'away'>): AgentRow => {
  const { name, endpoint, wrapUpMs, ringForMs } = agent
  const queues = tiersOf(agent)
    .map(({ queue, level, position }) => ({ queue, level, position }))
    .sort((a, b) => (a.queue < b.queue ? -1 : 1))
  return { name, endpoint, wrapUpMs, ringForMs, queues, settings: settingsOf(AGENT_SETTINGS, agent) }
}

const agentOf = ({ settings, ...agent }: AgentRow): AgentSettings => ({
  ...agent,
  ...readSettings(AGENT_SETTINGS, settings),
})
