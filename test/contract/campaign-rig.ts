/**
 * The parts of a node for campaigns, with a FreeSWITCH in memory, real PostgreSQL and Redis, and a carrier that the
 * test controls.
 */
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { silentEvents } from '../../src/events/events.ts'
import type { Agent } from '../../src/agent/agent.ts'
import { MemoryAgents } from '../../src/agent/memory-roster.ts'
import { rosterOver, type Roster } from '../../src/agent/roster.ts'
import { systemClock, type Clock } from '../../src/base/clock.ts'
import { Emitter } from '../../src/base/emitter.ts'
import { silentLog } from '../../src/base/log.ts'
import { Scope } from '../../src/base/scope.ts'
import { redisRoster } from '../../src/agent/redis-roster.ts'
import { memoryCallStore } from '../../src/journal/memory-call-store.ts'
import { Switchboard } from '../../src/switch/switchboard.ts'
import { Attempts } from '../../src/campaign/attempt.ts'
import { DialWakeup } from '../../src/campaign/dial-wakeup.ts'
import { campaignFrom, type Campaign } from '../../src/campaign/campaign.ts'
import { DialStatuses } from '../../src/campaign/dial-status.ts'
import { lawNow } from '../../src/campaign/law-now.ts'
import { leadPlaces } from '../../src/node/dialling.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import { DialCapacity } from '../../src/campaign/dial-capacity.ts'
import { GatewayTable } from '../../src/campaign/gateway-table.ts'
import { Gateways } from '../../src/campaign/gateways.ts'
import { Dialer, type DialerContext } from '../../src/campaign/dialer.ts'
import { RosterMirror } from '../../src/agent/roster-mirror.ts'
import { Leads } from '../../src/campaign/leads.ts'
import { moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import { openRedisClient, openRedisLinks } from '../../src/store/redis.ts'
import { addLead } from '../add-lead.ts'
import { openDatabase, openRedis } from '../open-services.ts'
import { PATIENCE_MS } from '../patience.ts'
import { Carrier } from './campaign-carrier.ts'

/** `agentsIn`: the store of the agents' records. `clock`: of all nodes. */
export async function openCampaignRig(
  t: TestContext,
  limits = { lines: 1_000, cps: 1_000 },
  agentsIn: 'memory' | 'redis' = 'memory',
  clock: Clock = systemClock,
) {
  // the parts that dial are closed before the links that they need; each is closed even when another one cannot be
  const [links, closing] = [new Scope(), new Scope()]
  // registered first, so it runs first: calls end while the stores can still record it
  t.after(async () => {
    const all = new Scope()
    all.use(links)
    all.use(closing)
    await all[Symbol.asyncDispose]()
  })
  const { sql } = await openDatabase(t)
  const { client, address } = await openRedis(t)
  const [carrier, second] = [new Carrier(), new Carrier()]
  /** The FreeSWITCH on which an agent's leg waits. */
  const waits = new Map<string, Carrier>()
  const dialling: Attempts[] = []
  closing.defer(async () => {
    // an attempt that is settled after its database was closed is retried for a minute, and keeps the process alive
    await until(async () => {
      for (const one of [carrier, second]) for (const leg of [...one.legs]) one.hangUp(leg)
      const open = await sql<{ id: string }[]>`select id from attempts where state in ('intended', 'sent', 'ringing')`
      return !open.some(({ id }) => dialling.some(attempts => attempts.drives(id)))
    })
  })
  const first = { commands: client, subscriber: await openRedisClient(address, { kind: 'subscriber' }) }
  links.defer(() => first.subscriber.disconnect())
  const roster: Roster = agentsIn === 'redis' ? redisRoster(first) : rosterOver(new MemoryAgents())
  const calls = memoryCallStore()

  /** A node: its own links, everything else shared. */
  async function node(name: string): Promise<DialerContext & { home: ConstructorParameters<typeof DialWakeup>[0] }> {
    const home = await openRedisLinks(address)
    const switchboard = new Switchboard()
    switchboard.add(carrier.link())
    switchboard.add(second.link('fs-2'))
    const [log, events] = [silentLog, silentEvents]
    const capacity = new DialCapacity(home, limits)
    const leads = new Leads({ sql, calls, capacity, roster, clock, log, events })
    const wakeup = new DialWakeup(home)
    const table = new GatewayTable({ sql, wakeup, clock, log })
    await table.start()
    const gateways = new Gateways({ table, capacity, sql, clock, log, gateway: 'carrier', callerId: undefined })
    const attempts = new Attempts({ leads, clock, log, events, gateway: 'carrier', routes: gateways })
    dialling.push(attempts)
    const mirror = new RosterMirror(roster, clock, log)
    const homeOf = ({ nailed }: Agent) =>
      switchboard.switches.find(one => one.up && one.facts.core === waits.get(nailed?.leg ?? '')?.core) ?? null
    const lines = Object.assign(new Emitter<{ kept: void }>(), { homeOf })
    links.defer(async () => {
      table[Symbol.dispose]()
      mirror.close()
      await attempts.close()
      for (const link of Object.values(home)) link.disconnect()
    })
    return {
      leads,
      attempts,
      roster,
      capacity,
      gateways,
      wakeup,
      mirror,
      nailedLegs: lines,
      switchboard,
      clock,
      log,
      events,
      node: name,
      gateway: 'carrier',
      statuses: new DialStatuses(home),
      onPlace: leadPlaces(redisQueueStore(home)),
      lawOf: of => lawNow(sql, of, clock.now()),
      countsFor: () => true,
      home,
    }
  }

  /** Dials without a lease, as a node that still takes itself for the owner of the campaign. */
  async function dial(name: string, of: Campaign, context?: DialerContext): Promise<Dialer> {
    const dialer = new Dialer(context ?? (await node(name)), of, () => true)
    closing.defer(() => dialer.stop())
    return dialer
  }

  /** Agents who are on the line and ready. */
  async function agents(count: number, queue = 'sales', at: (n: number) => Carrier = () => carrier): Promise<string[]> {
    const names = Array.from({ length: count }, (_, n) => `${queue}-${n}`)
    for (const [n, name] of names.entries()) {
      const [now, leg] = [systemClock.now(), randomUUID()]
      waits.set(leg, at(n))
      await roster.put(
        { name, endpoint: 'user/1001', wrapUpMs: 0, ringForMs: 20_000, queues: [{ queue, level: 1, position: 1 }] },
        now,
      )
      await roster.nail(name, { leg, node: 'a' }, now)
      await roster.setStatus(name, 'ready', now)
    }
    return names
  }

  let campaigns = 0

  async function campaign(settings: Partial<Parameters<typeof campaignFrom>[0]> = {}, leads = 0) {
    const draft = await putCampaign(
      sql,
      campaignFrom({ name: 'spring', queue: 'sales', maxLines: 1_000, cps: 1_000, ...settings }),
    )
    const running = await moveCampaign(sql, draft.id, ['draft'], 'running', systemClock.now())
    // each campaign has people of its own: a number that is being called is put off for a minute by other campaigns
    const lowest = 10_000 + 1_000 * campaigns++
    for (let n = 0; n < leads; n++) await addLead(sql, draft.id, `+49170${lowest + n}`, systemClock.now())
    return running!
  }

  return { sql, client, carrier, second, roster, calls, node, dial, agents, campaign, closing }
}

/** Adds to `granted` when the dialer of this node is granted each of its calls, ms since the epoch. */
export function keepGrants({ capacity }: Pick<DialerContext, 'capacity'>, granted: number[]): void {
  const take = capacity.take.bind(capacity)
  capacity.take = async ask => {
    const grant = await take(ask)
    granted.push(...grant.ids.map(() => ask.now))
    return grant
  }
}

/** Waits for a condition that depends on the carrier's calls: checks every 20 ms. */
export async function until<T>(what: () => Promise<T> | T): Promise<NonNullable<T>> {
  for (const began = performance.now(); performance.now() - began < PATIENCE_MS;) {
    const value = await what()
    if (value) return value as NonNullable<T>
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`it did not happen within ${PATIENCE_MS / 1_000} s`)
}
