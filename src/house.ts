/** Puts a node together: settings → parts → the door, and closes it in reverse. The only composition of the house. */
import { redisRoster, type RedisHome } from './agent/redis-roster.ts'
import type { Roster } from './agent/roster.ts'
import { systemClock as clock } from './base/clock.ts'
import type { Log } from './base/log.ts'
import { Scope } from './base/scope.ts'
import { Door } from './call/arrive.ts'
import { CallHouse, type CallSettings } from './call/house.ts'
import { originate } from './call/originate.ts'
import { Switch, Switchboard } from './call/switchboard.ts'
import { Attempts } from './campaign/attempt.ts'
import { Bell } from './campaign/bell.ts'
import { Capacity } from './campaign/capacity.ts'
import { Floor } from './campaign/floor.ts'
import { openJobs, type ClickToDial } from './campaign/jobs.ts'
import { LeadDesk } from './campaign/lead.ts'
import { NailedAgents } from './campaign/nailed.ts'
import { CampaignOwner } from './campaign/owner.ts'
import { steerCampaign } from './campaign/steer.ts'
import type { Config, HostPort } from './config.ts'
import { CommandLink } from './esl/client.ts'
import { EventLink } from './esl/events.ts'
import { openListener } from './esl/listener.ts'
import { connectTcp } from './esl/tcp.ts'
import { endpoint, newUuid, type Ident, type VarValue } from './esl/words.ts'
import { loadFlows, type Catalogue } from './flow/catalogue.ts'
import { campaignDesk } from './flow/campaign-desk.ts'
import { Flows } from './flow/run.ts'
import { sweep } from './flow/sweep.ts'
import { keepRecords } from './flow/records.ts'
import { openQueues, type Queues } from './queue/queue.ts'
import { redisQueueStore } from './queue/redis-store.ts'
import type { QueueStore } from './queue/store.ts'
import { openServices } from './services/open.ts'
import { migrate } from './store/migrate.ts'
import { assertNoEviction, openRedisClient, type RedisAddress } from './store/redis.ts'
import { openSql, type Sql } from './store/sql.ts'

/** What a command of the supervisor needs: the stores, without a node. */
export interface Stores extends AsyncDisposable {
  readonly sql: Sql
  readonly home: RedisHome
  readonly redis: RedisAddress
  readonly roster: Roster
  readonly queueStore: QueueStore
  readonly bell: Bell
}

/** PostgreSQL and Redis, migrated and checked. Rejects with SwitchhookError SERVICE in one line. */
export async function openStores(config: Config, log: Log, say: (line: string) => void): Promise<Stores> {
  const scope = new Scope()
  try {
    const services = await openServices(config, { clock, say })
    scope.defer(() => services.close())
    const sql = openSql(services.database, { log })
    scope.defer(() => sql.end({ timeout: 2 }))
    await migrate(sql)
    const [commands, subscriber] = await Promise.all([openRedisClient(services.redis, { log }), openRedisClient(services.redis, { kind: 'subscriber', log })])
    scope.defer(() => [commands, subscriber].forEach(client => client.disconnect()))
    await assertNoEviction(commands)
    const home = { commands, subscriber }
    return {
      sql, home, redis: services.redis, roster: redisRoster(home), queueStore: redisQueueStore(home), bell: new Bell(home),
      [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
    }
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

/** A node at work. */
export interface Node extends AsyncDisposable {
  readonly stores: Stores
  readonly switchboard: Switchboard
  readonly door: Door
  readonly flows: Flows
  readonly queues: Queues
  readonly nailed: NailedAgents
  readonly owner: CampaignOwner
  readonly catalogue: Catalogue
}

/** An event socket and its password. */
export type SwitchAddress = HostPort & { readonly password: string }

export interface NodeOptions {
  config: Config
  /** The event sockets to command: those of the settings, or the simulated one. */
  switches: readonly SwitchAddress[]
  log: Log
  say(line: string): void
  /** What must stand in the stores before the first call is taken. */
  prepare?(stores: Stores): Promise<void>
}

/** Opens everything and then the door. Whatever fails is said, and what was open is closed. */
export async function openNode({ config, switches, log, say, prepare }: NodeOptions): Promise<Node> {
  const scope = new Scope()
  try {
    const catalogue = await loadFlows(config.scripts)
    const stores = scope.use(await openStores(config, log, say))
    const node = config.nodeName
    const { sql, home, roster, bell } = stores

    const switchboard = new Switchboard()
    for (const at of switches) switchboard.add(await openSwitch(at, log, scope))
    await sweep({ switchboard, roster, queueStore: stores.queueStore, sql, clock, log })
    await prepare?.(stores)
    const queues = scope.use(openQueues({ store: stores.queueStore, roster, clock, log, node }))

    const door: Door = new Door({ clock, log, switchboard, key: config.doorKey ?? undefined, start: leg => flows.start(leg) })
    const house = new CallHouse({ clock, log, door, switchboard, settings: callSettings(config) })
    // legs that are here when the house closes are given to the next node: FreeSWITCH offers them again at once
    scope.defer(() => [...door.legs.values()].forEach(leg => leg.giveAway()))

    const capacity = new Capacity(home, { lines: config.maxLines, cps: config.cps })
    const leads = new LeadDesk({ sql, capacity, clock, log })
    const stopping = new AbortController()
    const attempts = new Attempts({ leads, clock, log, gateway: config.gateway, callerId: config.callerId ?? undefined, stopping: stopping.signal })
    const floor = new Floor(roster, clock, log)
    scope.defer(() => floor.close())
    const nailed = new NailedAgents({ house, roster, floor, node })
    scope.defer(() => nailed.close())
    const owner = new CampaignOwner({ redis: home, house: { leads, attempts, capacity, bell, floor, switchboard, clock, log, node, gateway: config.gateway }, nailed })
    scope.defer(async () => {
      await owner.close() // nothing new is dialled from here on
      stopping.abort()
      await attempts.close()
    })
    const jobs = await openJobs({
      redis: stores.redis,
      log,
      handlers: {
        now: () => clock.now(),
        campaign: (command, name) => steerCampaign({ sql, bell }, name, command, clock.now()),
        clickToDial: async request => ({ uuid: clickToDial(house, request, config.ringForMs) }),
      },
    })
    scope.defer(() => jobs.close())

    const flows: Flows = new Flows({ catalogue, house, queues, leads: campaignDesk(leads, name => nailed.callOf(name)), records: keepRecords(sql, node) })
    const { host, port } = config.listen
    const listener = await openListener({ host, port, allow: config.listenAllow, log, onWire: wire => void door.knock(wire) })
    scope.defer(() => listener.stopListening())
    owner.start()
    return { stores, switchboard, door, flows, queues, nailed, owner, catalogue, [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose]() }
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

/** Both links to one FreeSWITCH. The event link first: its refusal says more about a wrong password. */
async function openSwitch({ host, port, password }: SwitchAddress, log: Log, scope: Scope): Promise<Switch> {
  const name = `${host}:${port}`
  const events = new EventLink({ name, open: () => connectTcp(host, port), password, clock, log })
  scope.defer(() => events.close())
  const facts = await events.start()
  const commands = new CommandLink({ name, host, port, password, clock, log })
  scope.defer(() => commands.close())
  await commands.start()
  return new Switch({ name, commands, events, facts, clock, log })
}

/** The agent's telephone rings first; the flow click-to-dial does the rest. Gives the uuid of the agent's call. */
function clickToDial(house: CallHouse, { extension, ...ids }: ClickToDial, ringForMs: number): string {
  const uuid = newUuid()
  const variables = new Map(Object.entries(ids).filter(([, value]) => value !== undefined).map(([name, value]) => [name as Ident, value as VarValue]))
  const { log } = house
  void originate(house.switchboard.any(), { uuid, endpoint: endpoint(`user/${extension}`), flow: 'click-to-dial' as Ident, ringForMs, variables, clock, log }).then(
    ({ outcome, cause }) => log.info({ uuid, outcome, cause, crmuuid: ids.crmuuid }, 'click-to-dial: the agent was called'),
    (error: Error) => log.error({ uuid, error: error.message }, 'click-to-dial: the agent could not be called'),
  )
  return uuid
}

function callSettings(config: Config): CallSettings {
  return {
    ringForMs: config.ringForMs,
    gateway: config.gateway as Ident,
    callerId: config.callerId ?? undefined,
    detect: { initialSilence: `${config.amdMaxSilenceMs}ms`, greeting: `${config.amdGreetingMs}ms`, afterGreeting: `${config.amdAfterGreetingMs}ms` },
  }
}
