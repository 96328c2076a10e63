/** The stores that the nodes of the rows share, and the data of a supervisor in them. Deleted at the end. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redisRoster } from '../../../src/agent/redis-roster.ts'
import type { Agent } from '../../../src/agent/agent.ts'
import type { Roster } from '../../../src/agent/roster.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { readConfig } from '../../../src/config.ts'
import { openJobs } from '../../../src/desk/jobs.ts'
import { redisQueueStore } from '../../../src/queue/redis-store.ts'
import type { QueueStore } from '../../../src/queue/store.ts'
import { openServices, type Services } from '../../../src/services/open.ts'
import { migrate } from '../../../src/store/migrate.ts'
import { openRedisClient, type RedisClient } from '../../../src/store/redis.ts'
import { openSql, type Sql } from '../../../src/store/sql.ts'

/** Settings of a node, as in its environment. */
export type Settings = Readonly<Record<string, string>>

/** Every queue that the shipped flows name. */
const QUEUES = ['sales', 'support', 'operator'] as const
const WRAP_UP_MS = 60_000

/** The part of a call's record that the rows check. */
export interface Remains {
  readonly id: string
  readonly outcome: string | null
  readonly cause: string | null
  readonly agent: string | null
  readonly node: string | null
  readonly ended: boolean
  readonly timeline: readonly { readonly at: number; readonly event: string }[]
}

export class Stores {
  readonly sql: Sql
  readonly redis: RedisClient
  readonly roster: Roster
  readonly queues: QueueStore
  /** The settings with which a node finds them. */
  readonly settings: Settings
  readonly #folder: string
  readonly #services: Services

  private constructor(folder: string, services: Services, sql: Sql, redis: RedisClient, settings: Settings) {
    this.#folder = folder
    this.#services = services
    this.sql = sql
    this.redis = redis
    this.settings = settings
    const home = { commands: redis, subscriber: redis }
    this.roster = redisRoster(home)
    this.queues = redisQueueStore(home)
  }

  static async open(): Promise<Stores> {
    const folder = await mkdtemp(join(tmpdir(), 'switchhook-survival-'))
    const { CACHE_DIR, XDG_CACHE_HOME } = process.env
    const { cacheDir } = readConfig({ CACHE_DIR, XDG_CACHE_HOME })
    const dataDir = join(folder, 'data')
    const services = await openServices(
      { databaseUrl: null, redisUrl: null, dataDir, cacheDir },
      { clock: systemClock, say() {}, throwaway: true },
    )
    const sql = openSql(services.database, { max: 2 })
    await migrate(sql)
    return new Stores(folder, services, sql, await openRedisClient(services.redis), {
      DATA_DIR: dataDir,
      CACHE_DIR: cacheDir,
    })
  }

  /** The initial state: queues without callers, no agents, no calls. */
  async fresh(): Promise<void> {
    await this.redis.flushdb()
    await this.sql`truncate calls, campaigns cascade`
    for (const name of QUEUES) await this.queues.put({ name, strategy: 'longest-idle-agent' })
  }

  /**
   * Agents of the sales queue; their telephones play a tone when they answer. By name, with the number of the
   * telephone.
   */
  async agents(count: number): Promise<Map<string, string>> {
    const numbers = new Map<string, string>()
    for (let at = 1; at <= count; at++) {
      const [name, number] = [`agent${at}`, `49301${String(at).padStart(3, '0')}0`]
      const tiers = [{ queue: 'sales', level: 1, position: 1 }]
      await this.roster.put(
        { name, endpoint: `sofia/gateway/carrier/${number}`, wrapUpMs: WRAP_UP_MS, ringForMs: 20_000, queues: tiers },
        Date.now(),
      )
      await this.roster.setStatus(name, 'ready', Date.now())
      numbers.set(name, number)
    }
    return numbers
  }

  /** A supervisor, who asks any node that takes jobs to perform operations. */
  async supervisor(): Promise<{ asks(operation: string, input: object): Promise<unknown> } & AsyncDisposable> {
    const jobs = await openJobs({ redis: this.#services.redis, log: silentLog })
    return {
      asks: (operation, input) => jobs.perform(operation, input, 'supervisor'),
      [Symbol.asyncDispose]: () => jobs.close(),
    }
  }

  /** The names of the agents in this state, in their order. */
  async agentsWho(state: Agent['state']): Promise<string[]> {
    return (await this.roster.list(Date.now())).flatMap(agent => (agent.state === state ? agent.name : []))
  }

  /** The number of agents in each state. */
  async states(): Promise<Partial<Record<Agent['state'], number>>> {
    const counts: Partial<Record<Agent['state'], number>> = {}
    for (const { state } of await this.roster.list(Date.now())) counts[state] = (counts[state] ?? 0) + 1
    return counts
  }

  async remains(): Promise<Remains[]> {
    return this.sql<Remains[]>`
      select id, outcome, hangup_cause as cause, agent, node, ended_at is not null as ended, queue_timeline as timeline
      from calls where direction = 'inbound' order by started_at`
  }

  async close(): Promise<void> {
    this.redis.disconnect()
    await this.sql.end({ timeout: 1 })
    await this.#services.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
