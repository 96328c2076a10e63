/** Puts a node together: settings → parts → the door, and closes it in reverse. The only composition of the house. */
import { redisRoster, type RedisHome } from './agent/redis-roster.ts'
import type { Roster } from './agent/roster.ts'
import { cpuMs, systemClock } from './base/clock.ts'
import type { Log } from './base/log.ts'
import { Scope } from './base/scope.ts'
import { SharedClock } from './base/shared-clock.ts'
import type { AdmissionState } from './call/admission.ts'
import type { CallSettings } from './call/call-context.ts'
import { LeaseThread } from './cluster/lease-thread.ts'
import { redisCallStore } from './journal/redis-call-store.ts'
import { redisSwitchRuns } from './cluster/redis-switch-runs.ts'
import { SwitchRuns } from './cluster/switch-runs.ts'
import { Switchboard } from './switch/switchboard.ts'
import { DialWakeup } from './campaign/dial-wakeup.ts'
import { DialCapacity } from './campaign/dial-capacity.ts'
import { RosterMirror } from './agent/roster-mirror.ts'
import { Leads } from './campaign/leads.ts'
import { ownAddress, type Config } from './config.ts'
import { Inbox } from './esl/inbox.ts'
import { openListener } from './esl/listener.ts'
import { knock } from './esl/tcp.ts'
import type { Ident } from './esl/safe-text.ts'
import { loadFlows } from './flow/catalogue.ts'
import { keepCallRows } from './record/call-rows.ts'
import { watchRegistrations } from './directory/registrations.ts'
import { agentTelephones } from './directory/telephones.ts'
import { Closing } from './node/closing.ts'
import { Dialling } from './node/dialling.ts'
import { reconcile } from './node/reconcile.ts'
import { Listening } from './node/listening.ts'
import { otherNodes } from './node/other-nodes.ts'
import { SharedTime } from './node/shared-time.ts'
import { openSwitch, type SwitchAddress } from './node/switches.ts'
import { redisQueueStore } from './queue/redis-store.ts'
import type { QueueStore } from './queue/store.ts'
import { openDatabaseService, openRedisService, openServices } from './services/open.ts'
import { migrate } from './store/migrate.ts'
import { assertFit, openRedisLinks, type RedisAddress } from './store/redis.ts'
import { askTime } from './store/redis-time.ts'
import { openSql, type DatabaseAddress, type Sql } from './store/sql.ts'

/** What a command of the supervisor needs of PostgreSQL, without a node. */
export interface DatabaseStores {
  readonly sql: Sql
}

/** The same of Redis. */
export interface RedisStores {
  readonly home: RedisHome
  readonly redis: RedisAddress
  readonly roster: Roster
  readonly queueStore: QueueStore
  readonly wakeup: DialWakeup
  /** The time that all nodes share: nothing that stands in a store may be stamped or compared by another. */
  readonly clock: SharedClock
}

export type Stores = DatabaseStores & RedisStores & AsyncDisposable
type Say = (line: string) => void

/** PostgreSQL and Redis, migrated and checked. Rejects with SwitchhookError SERVICE in one line. */
export const openStores = (config: Config, log: Log, say: Say): Promise<Stores> =>
  inScope(async scope => {
    const services = await openServices(config, { clock: systemClock, say })
    scope.defer(() => services.close())
    return { ...(await openDatabase(services.database, log, scope)), ...(await openRedis(services.redis, log, scope)) }
  })

/** PostgreSQL alone, for what needs no more: Redis may be away. */
export const openDatabaseStores = (config: Config, log: Log, say: Say): Promise<DatabaseStores & AsyncDisposable> =>
  inScope(async scope => {
    const services = await openDatabaseService(config, { clock: systemClock, say })
    scope.defer(() => services.close())
    return openDatabase(services.database, log, scope)
  })

/** Redis alone, for what needs no more: PostgreSQL may be away. */
export const openRedisStores = (config: Config, log: Log, say: Say): Promise<RedisStores & AsyncDisposable> =>
  inScope(async scope => {
    const services = await openRedisService(config, { clock: systemClock, say })
    scope.defer(() => services.close())
    return openRedis(services.redis, log, scope)
  })

async function openDatabase(address: DatabaseAddress, log: Log, scope: Scope): Promise<DatabaseStores> {
  const sql = openSql(address, { log })
  scope.defer(() => sql.end({ timeout: 2 }))
  await migrate(sql)
  return { sql }
}

async function openRedis(redis: RedisAddress, log: Log, scope: Scope): Promise<RedisStores> {
  const home = await openRedisLinks(redis, { log })
  scope.defer(() => Object.values(home).forEach(link => link.disconnect()))
  await assertFit(home.commands)
  const clock = new SharedClock(systemClock)
  clock.learn(await askTime(home.commands, clock))
  return {
    home,
    redis,
    roster: redisRoster(home),
    queueStore: redisQueueStore(home),
    wakeup: new DialWakeup(home),
    clock,
  }
}

/** What was opened is closed when the opening fails, and with what it gives. */
async function inScope<T extends object>(open: (scope: Scope) => Promise<T>): Promise<T & AsyncDisposable> {
  const scope = new Scope()
  try {
    return Object.assign(await open(scope), { [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose]() })
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

/** A node at work. */
export interface Node extends AsyncDisposable {
  readonly stores: Stores
  /** The names of the flows, and where calls are brought; null for a process that takes none. */
  readonly door: { readonly address: string; readonly flows: readonly string[] } | null
  /** Live calls of this process. */
  readonly calls: number
  /** What this process can take on, now. */
  readonly admission: AdmissionState
  /** Switches of which nothing is heard now, as host:port. */
  readonly lost: readonly string[]
  /** Calls of a switch that the settings do not name, since the start: none of them was served. */
  readonly unnamed: number
  /** Resolves when another process has this one's name: it may not go on. */
  readonly replaced: Promise<void>
  /**
   * Goes: from the moment of the call on nothing begins, then calls are given to the next node and everything is closed. `began`: the
   * moment in which that was asked for, by the clock that only grows. Never rejects.
   */
  close(began: number): Promise<void>
  /** What the closing waits for, and what it has left behind. */
  readonly hangs: readonly string[]
}

export interface NodeOptions {
  config: Config
  /** The event sockets to command: those of the settings, or the simulated one. */
  switches: readonly SwitchAddress[]
  log: Log
  say(line: string): void
  /** What must stand in the stores before the first call is taken. */
  prepare?(stores: Stores): Promise<void>
  /** `lost` is another than before. */
  linked?(): void
}

const NO_ADDRESS =
  'LISTEN names no single address: set NODE_ADDRESS, else legs that this node dials are brought to any node first'
/** What is left then is ended by others: a server by its own guard, a connection by the end of the process. */
const CLOSE_MS = 4_000

/** Opens everything that the roles of this process ask for, and the port last. Whatever fails is said, and what was open is closed. */
export async function openNode({ config, switches, log, say, prepare, linked = () => {} }: NodeOptions): Promise<Node> {
  const scope = new Scope()
  try {
    const { nodeName: node, roles, ringForMs, gateway, callerId } = config
    const catalogue = roles.includes('listener') ? await loadFlows(config.scripts) : null
    const stores = scope.use(await openStores(config, log, say))
    const { sql, home, redis, roster, wakeup, queueStore, clock } = stores
    const switchboard = new Switchboard()
    for (const at of switches) switchboard.add(await openSwitch(at, { clock, log, scope, linked }))
    // the port is known (and ours) from here on, and closed until there is somebody behind it
    const { host, port } = config.listen
    let listening: Listening | null = null
    const listener =
      catalogue &&
      (await openListener({
        host,
        port,
        allow: config.listenAllow,
        log,
        inbox: new Inbox(clock, cpuMs),
        onWire: wire => (listening ? listening.knock(wire) : wire.destroy()),
      }))
    listener?.pause()
    scope.defer(() => listener?.stopListening())
    const address = listener && ownAddress(config, listener.port)
    if (listener && address === null) log.warn({ listen: host }, NO_ADDRESS)
    const lease = new LeaseThread({ redis, node, address, roles, clock, log })
    scope.defer(() => lease.close())
    const time = new SharedTime(clock, log)
    lease.on('answered', sample => time.hear(sample))
    await lease.start()
    const runs = new SwitchRuns({ switchboard, table: redisSwitchRuns(home.commands), clock, log })
    await runs.refresh()
    await prepare?.(stores)

    const capacity = new DialCapacity(home, { lines: config.maxLines, cps: config.cps })
    const calls = redisCallStore(home.commands, clock)
    const leads = new Leads({ sql, calls, capacity, roster, clock, log })
    const records = keepCallRows(sql, node, { clock, log })
    scope.use(records)
    const mirror = new RosterMirror(roster, clock, log)
    scope.defer(() => mirror.close())
    const registrations = watchRegistrations({ switchboard, mirror, roster, clock, log })
    scope.defer(() => registrations[Symbol.dispose]())
    const telephones = agentTelephones({ mirror, roster, wrapUp: config.wrapUpAfterDial === 'yes', clock, log })
    const common = { node, clock, log, sql, records, roster, switchboard, leads }
    if (listener && catalogue) {
      const { doorKey, maxCalls, warmUp } = config
      const settings = callSettings(config, address)
      const key = doorKey ?? undefined
      listening = new Listening({
        ...common,
        telephones,
        catalogue,
        queueStore,
        calls,
        lease,
        settings,
        key,
        listener,
        knock,
        maxCalls,
        warmUp,
      })
      scope.use(listening)
    }
    const dialling = roles.includes('dialer')
      ? await Dialling.open({
          ...common,
          mirror,
          telephones,
          lease,
          home,
          redis,
          wakeup,
          capacity,
          gateway: gateway as Ident,
          callerId: callerId ?? undefined,
          ringForMs,
          switches: config.switches.length > 0 ? 'freeswitch' : 'simulation',
        })
      : null
    scope.defer(() => void dialling?.stop(otherNodes(lease))) // when the opening fails; else it has stopped long before
    const reconciler = scope.use(
      reconcile({
        ...common,
        queueStore,
        calls,
        lease,
        runs,
        address,
        knock,
        legs: listening?.legs ?? new Map(),
        drives: uuid => listening?.drives(uuid) ?? false,
        takesOver: () => listening?.takesOver ?? false,
        remember: async uuid => listening?.remember(uuid),
      }),
    )
    await listening?.start()
    dialling?.start()
    void reconciler.start() // the door is open for whoever comes back to it

    let closing: Closing | null = null
    const close = async (began: number): Promise<void> => {
      if (closing) return
      closing = new Closing({ clock, log, began })
      // all of this in one turn: what begins after the signal would have to be given away again
      const there = otherNodes(lease)
      const dials = dialling?.stop(there) ?? []
      listening?.stop()
      log.info({ ms: closing.ms, otherNodes: there.names }, 'closing: nobody is dialled any more, the port is closed')
      await closing.run([
        { name: 'nothing is put right any more', withinMs: 500, run: () => reconciler[Symbol.asyncDispose]() },
      ]) // calls that are given away look like orphans
      if (listening) await closing.run([listening.closing(there)])
      await closing.run([{ name: 'the other nodes know', withinMs: 500, run: () => lease.close() }])
      await closing.run(dials)
      await closing.run([
        { name: 'links and stores are closed', withinMs: CLOSE_MS, run: () => scope[Symbol.asyncDispose]() },
      ])
      log.info({ ms: closing.ms, hung: closing.hangs }, 'closed')
    }
    return {
      stores,
      door: listener && catalogue && { address: `${host}:${listener.port}`, flows: catalogue.names },
      get calls() {
        return listening?.calls ?? 0
      },
      get admission() {
        return listening?.admission.state ?? 'open'
      },
      get lost() {
        return switchboard.switches.filter(one => !one.up).map(one => one.name)
      },
      get unnamed() {
        return listening?.unnamed ?? 0
      },
      get hangs() {
        return closing?.hangs ?? []
      },
      replaced: new Promise(resolve => lease.on('lapsed', ({ forGood }) => forGood && resolve())),
      close,
      [Symbol.asyncDispose]: () => close(clock.monotonic()),
    }
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

function callSettings(config: Config, address: string | null): CallSettings {
  return {
    ringForMs: config.ringForMs,
    gateway: config.gateway as Ident,
    callerId: config.callerId ?? undefined,
    address: address ?? undefined,
    detect: {
      initialSilence: `${config.amdMaxSilenceMs}ms`,
      greeting: `${config.amdGreetingMs}ms`,
      afterGreeting: `${config.amdAfterGreetingMs}ms`,
    },
  }
}
