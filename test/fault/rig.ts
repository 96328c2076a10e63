/**
 * The rig of the fault matrix: a simulated FreeSWITCH in real time on real TCP in this process, nodes as separate
 * processes, a PostgreSQL and a Redis for this row alone, and a witness. Whatever happens in a row, nothing is left
 * behind.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { redisRoster } from '../../src/agent/redis-roster.ts'
import type { Roster } from '../../src/agent/roster.ts'
import { systemClock } from '../../src/base/clock.ts'
import { listenTcp } from '../../src/esl/tcp.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import type { QueueStore } from '../../src/queue/store.ts'
import type { RedisAddress, RedisClient } from '../../src/store/redis.ts'
import type { DatabaseAddress, Sql } from '../../src/store/sql.ts'
import { SimulatedSwitch, type SimulatedSwitchOptions } from '../../src/testing/index.ts'
import { Listener } from '../../src/testing/switch/listener.ts'
import { takePort } from '../contract/cli-process.ts'
import { openDatabase, openRedis } from '../open-services.ts'
import { inProgram } from '../program.ts'
import type { Told } from './matrix.ts'
import { NodeProcess } from './node-process.ts'
import { Oracle } from './oracle.ts'
import { Proxy } from './proxy.ts'

const SCRIPTS = inProgram('test/fault/scripts')
const PASSWORD = 'of-the-rig'

export interface RigOptions {
  /** Nodes that the dialplan names, in its order; started by `start`. Default: a and b. */
  readonly nodes?: readonly string[]
  readonly sounds?: SimulatedSwitchOptions['sounds']
  /** Settings of every node. */
  readonly settings?: Readonly<Record<string, string>>
  /** A separate Redis for the row, and its address from outside. Default: a database of the shared one. */
  readonly redis?: (t: TestContext) => Promise<{ address: RedisAddress; client: RedisClient }>
  /** Queues without agents; the queues of agents are created with the agents. */
  readonly queues?: readonly string[]
}

/** Short prompts: rows are about what happens, not about the length of a whisper. */
const SOUNDS = {
  'whisper/sales': '100ms',
  'whisper/press-1': '5s',
  'moh/calm': '60s',
  'fault/code': '20s',
  'fault/menu': '20s',
  'fault/short': '300ms',
  'switchhook/sorry': '10s',
} as const

export class Rig {
  readonly sim: SimulatedSwitch
  readonly oracle: Oracle
  readonly roster: Roster
  readonly queueStore: QueueStore
  readonly redis: RedisClient
  readonly redisAddress: RedisAddress
  readonly sql: Sql
  readonly ports: ReadonlyMap<string, number>
  readonly #database: DatabaseAddress
  readonly #folder: string
  readonly #options: RigOptions
  readonly #doors = new Map<string, { port: number; close(): Promise<void> }>()
  readonly #nodes = new Map<string, NodeProcess>()
  readonly #ended: NodeProcess[] = []
  #redisUrl: string | undefined
  readonly #proxies: Proxy[] = []

  private constructor(parts: {
    folder: string
    database: { address: DatabaseAddress; sql: Sql }
    redis: { address: RedisAddress; client: RedisClient }
    ports: ReadonlyMap<string, number>
    options: RigOptions
  }) {
    this.#folder = parts.folder
    this.#options = parts.options
    this.#database = parts.database.address
    this.sql = parts.database.sql
    this.redis = parts.redis.client
    this.redisAddress = parts.redis.address
    this.ports = parts.ports
    const home = { commands: this.redis, subscriber: this.redis }
    this.roster = redisRoster(home)
    this.queueStore = redisQueueStore(home)
    this.sim = new SimulatedSwitch({
      clock: systemClock,
      password: PASSWORD,
      network: 'tcp',
      sounds: { ...SOUNDS, ...parts.options.sounds },
    })
    this.oracle = new Oracle(this.sim)
    for (const name of this.ports.keys()) this.oracle.name(this.host(name), name)
    this.entry(...this.ports.keys())
  }

  /** 'host:port' of a node's listener. */
  host(name: string): string {
    return `127.0.0.1:${this.ports.get(name)}`
  }

  /** From now on the dialplan names these nodes, in this order. */
  entry(...names: readonly string[]): void {
    this.sim.installEntry(names.map(name => this.host(name)))
  }

  static async open(t: TestContext, told: Told, options: RigOptions = {}): Promise<Rig> {
    const opened: Rig[] = []
    const folder = await mkdtemp(join(tmpdir(), 'switchhook-fault-'))
    // registered first, so that the processes are gone before their database and their Redis
    t.after(async () => {
      for (const rig of opened) await rig.close()
      await rm(folder, { recursive: true, force: true })
    })
    // one after the other: a service that is opened while the other one fails is never closed, and keeps the process
    // alive
    const database = await openDatabase(t)
    const redis = await (options.redis ?? openRedis)(t)
    const names = options.nodes ?? ['a', 'b']
    const taken = await Promise.all(names.map(() => takePort()))
    await Promise.all(taken.map(one => one.close()))
    const ports = new Map(names.map((name, at) => [name, taken[at]!.port]))
    const rig = new Rig({ folder, database, redis, ports, options })
    opened.push(rig)
    told.whenMissed(() => rig.story())
    for (const queue of options.queues ?? []) await rig.queueStore.put({ name: queue, strategy: 'longest-idle-agent' })
    return rig
  }

  /** Starts these nodes in parallel and waits until their listeners are open. `settings` override those of the rig. */
  async start(
    names: readonly string[] = [...this.ports.keys()],
    settings: Readonly<Record<string, string>> = {},
  ): Promise<NodeProcess[]> {
    const common = { ...(await this.settings()), ...this.#options.settings, ...settings }
    const nodes = await Promise.all(
      names.map(async name => {
        const before = this.#nodes.get(name)
        if (before) this.#ended.push(before)
        const own = { FREESWITCH: `127.0.0.1:${await this.doorOf(name)}`, LISTEN: this.host(name) }
        const node = new NodeProcess({ name, folder: this.#folder, settings: { ...own, ...common } })
        this.#nodes.set(name, node)
        return node
      }),
    )
    await Promise.all(nodes.map(node => node.ready()))
    return nodes
  }

  node(name: string): NodeProcess {
    const node = this.#nodes.get(name)
    if (!node) throw new Error(`node ${name} was not started`)
    return node
  }

  /** The inbound port of FreeSWITCH that this node alone uses: so the witness knows which node sends its commands. */
  async doorOf(name: string): Promise<number> {
    const known = this.#doors.get(name)
    if (known) return known.port
    const door = await listenTcp({
      host: '127.0.0.1',
      port: 0,
      onWire: wire => void new Listener(this.sim, wire, `inbound ${name}`, undefined, true),
    })
    this.#doors.set(name, door)
    return door.port
  }

  /** The settings with which a process finds its stores and its FreeSWITCH. */
  async settings(): Promise<Record<string, string>> {
    this.#redisUrl ??= await this.#openRedisPort()
    const { LOG_LEVEL = 'info' } = process.env
    // so many that no row sends callers away because the test machine is late; rows about overload set other values
    const MAX_CALLS = '20000'
    const WARM_UP = '0' // a hundred nodes are started, and each would take a fifth of a second of a core more
    return {
      MAX_CALLS,
      WARM_UP,
      DATABASE_URL: databaseUrl(this.#database),
      REDIS_URL: this.#redisUrl,
      FREESWITCH_PASSWORD: PASSWORD,
      SCRIPTS,
      LOG_LEVEL,
      DATA_DIR: join(this.#folder, 'data'),
    }
  }

  /** The story, for a row that has failed. */
  story(): string {
    const began = this.sim.transcript[0]?.at ?? 0
    const lines = this.sim.transcript
      .slice(-60)
      .map(({ at, who, what }) => `    ${((at - began) / 1_000).toFixed(2).padStart(7)}s  ${who} ${what}`)
    const nodes = [...this.#ended, ...this.#nodes.values()].map(node => node.story())
    return [
      `people, the last of ${this.sim.transcript.length} lines:`,
      ...lines,
      ...nodes,
      ...this.sim.unknown.map(what => `the switch did not know: ${what}`),
    ].join('\n')
  }

  async close(): Promise<void> {
    await Promise.all([...this.#ended, ...this.#nodes.values()].map(node => node.end()))
    for (const person of [...this.sim.world.people]) person.hangUp()
    await this.sim.close()
    await Promise.all([...this.#doors.values()].map(door => door.close()))
    await Promise.all(this.#proxies.map(proxy => proxy.close()))
  }

  /**
   * A URL needs a port, and the private Redis has only a unix socket: it is asked to open a port, or gets a proxy
   * before it.
   */
  async #openRedisPort(): Promise<string> {
    const address = this.redisAddress
    if ('url' in address) return address.url
    const db = address.db ?? 0
    const { redis } = this
    const open = async () => Number(((await redis.config('GET', 'port')) as string[])[1])
    try {
      if ((await open()) === 0) {
        const free = await takePort()
        await free.close()
        await redis.config('SET', 'port', String(free.port))
      }
      return `redis://127.0.0.1:${await open()}/${db}`
    } catch {
      const proxy = await Proxy.open({ path: address.socket }) // before Redis 7.0 the port cannot be changed
      this.#proxies.push(proxy)
      return `redis://127.0.0.1:${proxy.port}/${db}`
    }
  }
}

function databaseUrl(address: DatabaseAddress): string {
  if ('url' in address) return address.url
  return `postgres://${address.user}@localhost/${address.database}?host=${encodeURIComponent(address.socketFolder)}`
}

/**
 * Resolves when the condition is true; checks every 10 ms, because it is in other processes. Rejects with `what` after
 * the limit.
 */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  withinMs: number,
  everyMs = 10,
): Promise<number> {
  const began = performance.now()
  while (!(await isSo())) {
    if (performance.now() - began > withinMs) throw new Error(`expected within ${withinMs} ms: ${what}`)
    await pause(everyMs)
  }
  return performance.now()
}

/** Real processes, real time. */
export const pause = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms))
