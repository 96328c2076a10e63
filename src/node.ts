/**
 * Puts a node together: settings → parts → the listener, and closes it in the reverse order. No other file of
 * Switchhook composes parts. Used by src/main.ts (`openNode`) and by the commands of the command line (`openStores` and
 * its two halves).
 */
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
import { Definitions } from './recovery/definitions.ts'
import type { Reconciler } from './recovery/reconcile.ts'
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

/** What a command of the supervisor needs from PostgreSQL, without a node. */
export interface DatabaseStores {
  readonly sql: Sql
}

/** What a command of the supervisor needs from Redis, without a node. */
export interface RedisStores {
  readonly home: RedisHome
  readonly redis: RedisAddress
  readonly roster: Roster
  readonly queueStore: QueueStore
  readonly wakeup: DialWakeup
  /** The shared time of all nodes: timestamps in a store must be written and compared with this clock only. */
  readonly clock: SharedClock
}

export type Stores = DatabaseStores & RedisStores & AsyncDisposable
type Say = (line: string) => void

/** Opens PostgreSQL and Redis, migrated and checked. Rejects with SwitchhookError SERVICE, a message of one line. */
export const openStores = (config: Config, log: Log, say: Say): Promise<Stores> =>
  inScope(async scope => {
    const services = await openServices(config, { clock: systemClock, say })
    scope.defer(() => services.close())
    return { ...(await openDatabase(services.database, log, scope)), ...(await openRedis(services.redis, log, scope)) }
  })

/** Opens PostgreSQL alone, for commands that do not need Redis: it may be down. Rejects as `openStores`. */
export const openDatabaseStores = (config: Config, log: Log, say: Say): Promise<DatabaseStores & AsyncDisposable> =>
  inScope(async scope => {
    const services = await openDatabaseService(config, { clock: systemClock, say })
    scope.defer(() => services.close())
    return openDatabase(services.database, log, scope)
  })

/** Opens Redis alone, for commands that do not need PostgreSQL: it may be down. Rejects as `openStores`. */
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
  const links = await openRedisLinks(redis, { log })
  scope.defer(() => Object.values(links).forEach(link => link.disconnect()))
  const home = { ...links, log }
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

/** Closes what was opened when `open` fails; else when its result is disposed of. */
async function inScope<T extends object>(open: (scope: Scope) => Promise<T>): Promise<T & AsyncDisposable> {
  const scope = new Scope()
  try {
    return Object.assign(await open(scope), { [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose]() })
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

/** A running node. */
export interface Node extends AsyncDisposable {
  readonly stores: Stores
  /**
   * The names of the flows, and the address to which FreeSWITCH connects; null for a process without the role listener.
   */
  readonly door: { readonly address: string; readonly flows: readonly string[] } | null
  /** Live calls of this process. */
  readonly calls: number
  /** Whether this process accepts new calls now. */
  readonly admission: AdmissionState
  /** FreeSWITCH servers to which the node has no connection now, as host:port. */
  readonly lost: readonly string[]
  /** Calls since the start from a FreeSWITCH that the settings do not name; none of them was served. */
  readonly unnamed: number
  /** Resolves when another process has taken over the name of this one: then this process must stop. */
  readonly replaced: Promise<void>
  /**
   * Shuts the node down. Nothing new begins from this call on; then the node hands its calls to the next node and
   * closes everything. `began`: the time of the request, on the monotonic clock. Never rejects.
   */
  close(began: number): Promise<void>
  /** The step that the shutdown waits for now, and the steps that timed out before it. */
  readonly hangs: readonly string[]
}

export interface NodeOptions {
  config: Config
  /** The event sockets: those of the settings, or that of the simulated FreeSWITCH. */
  switches: readonly SwitchAddress[]
  log: Log
  say(line: string): void
  /** Writes what the stores must hold before the node takes the first call. */
  prepare?(stores: Stores): Promise<void>
  /** Called when `lost` has changed. */
  linked?(): void
}

const NO_ADDRESS =
  'LISTEN names no single address: set NODE_ADDRESS, else FreeSWITCH offers legs that this node dials to any node first'
/** After this time a private server is stopped by its own guard process, and a connection by the end of the process. */
const CLOSE_MS = 4_000

/**
 * Opens what the roles of this process need, the port last. Rejects with the first failure, after it has closed what
 * was open.
 */
export async function openNode({ config, switches, log, say, prepare, linked = () => {} }: NodeOptions): Promise<Node> {
  const scope = new Scope()
  try {
    const { nodeName: node, roles, ringForMs, gateway, callerId } = config
    const catalogue = roles.includes('listener') ? await loadFlows(config.scripts) : null
    const stores = scope.use(await openStores(config, log, say))
    const { sql, home, redis, roster, wakeup, queueStore, clock } = stores
    let reconciler: Reconciler | null = null
    const switchboard = new Switchboard()
    for (const at of switches) switchboard.add(await openSwitch(at, { clock, log, scope, linked }))
    // from here on the port is known and reserved for this process; it stays closed until the calls can be served
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
    const definitions = new Definitions({
      sql,
      roster,
      queueStore,
      mirror,
      clock,
      log,
      restored: () => void reconciler?.look('Redis lost its data'),
    })
    scope.defer(() => definitions[Symbol.dispose]())
    await definitions.start()
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
        mirror,
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
          queueStore,
          scripts: config.scripts,
          wakeup,
          capacity,
          gateway: gateway as Ident,
          callerId: callerId ?? undefined,
          ringForMs,
          switches: config.switches.length > 0 ? 'freeswitch' : 'simulation',
        })
      : null
    scope.defer(() => void dialling?.stop(otherNodes(lease))) // when the opening fails; else it has stopped before
    reconciler = scope.use(
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
    void reconciler.start() // not earlier: it fetches calls back to this node, which needs the open port

    let closing: Closing | null = null
    const close = async (began: number): Promise<void> => {
      if (closing) return
      closing = new Closing({ clock, log, began })
      // all of this in one turn of the event loop: what begins after the signal would have to be handed over again
      const there = otherNodes(lease)
      const dials = dialling?.stop(there) ?? []
      listening?.stop()
      log.info({ ms: closing.ms, otherNodes: there.names }, 'closing: dialling stopped, the port is closed')
      await closing.run([{ name: 'reconciliation', withinMs: 500, run: () => reconciler[Symbol.asyncDispose]() }]) // first: it would report handed-over calls as orphaned
      if (listening) await closing.run([listening.closing(there)])
      await closing.run([{ name: 'node lease', withinMs: 500, run: () => lease.close() }])
      await closing.run(dials)
      await closing.run([
        { name: 'connections and stores', withinMs: CLOSE_MS, run: () => scope[Symbol.asyncDispose]() },
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
