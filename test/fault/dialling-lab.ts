/**
 * Two nodes that dial campaigns, in this process and in virtual time: the composition of production (node/compose.ts,
 * node/dialling.ts) with the shipped flow, and a simulated FreeSWITCH. PostgreSQL is a real one, because it decides who
 * is called: virtual time waits while it works. Leases, lines and wakeups are in memory. A test decides what becomes of
 * each contact of a node with the world outside (dialling-contacts.ts): so a node dies between any two of them.
 */
import { Simulation, type Behaviour } from '#testing'
import campaignLeg from '../../scripts/campaign-leg.ts'
import { sleep } from '../../src/base/clock.ts'
import type { Duration } from '../../src/base/duration.ts'
import { campaignFrom, type Campaign } from '../../src/campaign/campaign.ts'
import type { Ask, DialCapacity, Grant } from '../../src/campaign/dial-capacity.ts'
import type { DialWakeup, Wakeup } from '../../src/campaign/dial-wakeup.ts'
import { GatewayTable } from '../../src/campaign/gateway-table.ts'
import { Leads } from '../../src/campaign/leads.ts'
import type { EventData, EventName } from '../../src/events/catalogue.ts'
import { campaignLeads } from '../../src/flow/campaign-leads.ts'
import { Dialling, type DiallingOptions } from '../../src/node/dialling.ts'
import { moveCampaign, putCampaign, type CampaignSettings } from '../../src/store/campaigns.ts'
import { openSql, type DatabaseAddress, type Sql } from '../../src/store/sql.ts'
import { KillableProcess } from '../../src/testing/killable-process.ts'
import type { DiallerSeat, SimulatedDialler } from '../../src/testing/simulated-node.ts'
import { addLead } from '../add-lead.ts'
import { NO_LIMITS } from '../dialer-surroundings.ts'
import { sqlOf, tapped, type Contact, type Tell } from './dialling-contacts.ts'
import { memoryLeases } from './memory-leases.ts'
import { Oracle } from './oracle.ts'

export type Mode = Campaign['mode']
export const MODES: readonly Mode[] = ['progressive', 'ratio', 'predictive']
export type NodeName = 'a' | 'b'

/** A dial as FreeSWITCH has read it. */
export interface ReadDial {
  readonly uuid: string
  readonly phone: string
  readonly node: string
  /** Virtual time, milliseconds since the epoch. */
  readonly at: number
}

export interface LabLead {
  readonly phone: string
  readonly behaviour: Behaviour
}

export interface LabAttempt {
  readonly id: string
  readonly phone: string
  readonly state: string
  readonly node: string
  readonly disposition: string | null
  readonly cause: string | null
}

const QUEUE = 'sales'
/** The process of a node that was killed is started again after this time. */
const STARTS_AGAIN_MS = 1_500
/** A mobile number in Germany for each lead. */
const FIRST_NUMBER = 15_100_000_000

/** Of all labs of this process: they may share a database. */
const used = { campaigns: 0, numbers: 0 }

export class DiallingLab {
  readonly sim: Simulation
  readonly oracle: Oracle
  /** Of the test itself: no node dies of it. */
  readonly sql: Sql
  /** Decides what becomes of each contact. Default: all go on. */
  tell: Tell = () => 'goes on'
  /** Called when FreeSWITCH has read a dial and has not executed it. */
  onDial: ((dial: ReadDial) => void) | null = null
  /** Dials that FreeSWITCH has read, and legs that it created for them, since the last campaign began. */
  readonly dials: ReadDial[] = []
  readonly created = new Map<string, number>()
  /** The names of the campaigns that have come to their end. */
  readonly completed = new Set<string>()
  /** Errors of nodes that did not open. */
  readonly broken: string[] = []
  readonly #pool: Sql
  readonly #wakers = new Map<KillableProcess, Set<(ring: Wakeup) => void>>()
  readonly #leases = memoryLeases(
    () => this.sim.clock.monotonic(),
    () => this.#ring({ what: 'resync' }),
  )
  /** What has just killed a node still runs in its last turn. */
  readonly #dying = new Set<string>()

  private constructor(database: DatabaseAddress, message: Duration) {
    this.#pool = openSql(database, { max: 4 })
    this.sim = new Simulation({
      queues: [QUEUE],
      reconciles: true,
      sounds: { 'campaign/safe-harbour': message },
      dialler: seat => this.#dialler(seat),
    })
    const { clock, switch: simulated } = this.sim
    this.sql = sqlOf(this.#pool, 'test', new KillableProcess(), clock, () => 'goes on')
    this.sim.install('campaign-leg', campaignLeg)
    this.oracle = new Oracle(simulated)
    this.oracle.onCommand = ({ text, node }) => this.#read(text, node)
    const create = simulated.createChannel.bind(simulated)
    simulated.createChannel = (uuid, ...rest) => {
      this.created.set(uuid, (this.created.get(uuid) ?? 0) + 1)
      return create(uuid, ...rest)
    }
    const connect = simulated.connect.bind(simulated)
    simulated.connect = from => tapped(connect(from), from ?? '', contact => this.#contact(contact))
  }

  /**
   * Both nodes run, and these agents are on the line as soon as a campaign needs them. `message`: how long the sound
   * for an abandoned person is.
   */
  static async open(
    database: DatabaseAddress,
    agents: number,
    { wrapUp = '1s', message = '1s' }: { readonly wrapUp?: Duration; readonly message?: Duration } = {},
  ): Promise<DiallingLab> {
    const lab = new DiallingLab(database, message)
    const { sim } = lab
    await sim.until('node a opens', sim.ready)
    await sim.until('node b opens', sim.open('b'))
    for (let n = 0; n < agents; n++) {
      const agent = sim.agent(`agent-${n}`, { wrapUp })
      agent.place.behaviour = { answers: '100ms', speaks: 'human' }
      await agent.ready()
    }
    return lab
  }

  /** A running campaign that calls each of these people once. */
  async campaign(
    mode: Mode,
    people: readonly Behaviour[],
    more: Partial<CampaignSettings> = {},
  ): Promise<Campaign & { readonly people: LabLead[] }> {
    const { sim, sql } = this
    this.dials.length = this.oracle.commands.length = this.oracle.sounds.length = this.oracle.brought.length = 0
    this.created.clear()
    const now = sim.clock.now()
    const name = `campaign-${++used.campaigns}`
    const limits = { maxLines: 1_000, cps: 1_000, maxAttempts: 1, ringForMs: 15_000 }
    const settings = { name, queue: QUEUE, mode, ...limits, ...more }
    const { id } = await this.#soon(putCampaign(sql, campaignFrom(settings)))
    const leads = people.map(behaviour => ({ phone: `+49${FIRST_NUMBER + used.numbers++}`, behaviour }))
    for (const { phone, behaviour } of leads) {
      sim.switch.world.at(`sofia/gateway/carrier/${phone}`, behaviour)
      await this.#soon(addLead(sql, id, phone, now))
    }
    const running = await this.#soon(moveCampaign(sql, id, ['draft'], 'running', now))
    this.#ring({ what: 'campaign', name })
    return { ...running!, people: leads }
  }

  /** As an operation does that has changed something about the campaign of this name. */
  wakesDialers(name: string): void {
    this.#ring({ what: 'campaign', name })
  }

  /** Its attempts, oldest first. */
  attempts(campaign: string): Promise<LabAttempt[]> {
    return this.#soon(
      this.sql<LabAttempt[]>`
        select a.id, l.phone, a.state, a.node, a.disposition, a.cause from attempts a join leads l on l.id = a.lead_id
        where a.campaign_id = ${campaign} order by a.intended_at, a.id`,
    )
  }

  leads(campaign: string): Promise<{ phone: string; state: string; disposition: string | null; attempts: number }[]> {
    return this.#soon(
      this.sql<{ phone: string; state: string; disposition: string | null; attempts: number }[]>`
        select phone, state, disposition, attempts from leads where campaign_id = ${campaign} order by id`,
    )
  }

  /** kill -9, in the middle of what the node does now; it is started again. Nothing that it does now takes effect. */
  kill(node: string): void {
    if (this.#dying.has(node)) return
    this.#dying.add(node)
    this.sim.kill(node as NodeName)
    this.sim.clock.after(STARTS_AGAIN_MS, () => {
      this.#dying.delete(node)
      this.sim.open(node as NodeName).catch((error: Error) => this.broken.push(error.message))
    })
  }

  /** As `kill`, after the octets that it has written have arrived. */
  killSoon(node: string): void {
    this.#dying.add(node)
    setImmediate(() => {
      this.#dying.delete(node)
      this.kill(node)
    })
  }

  /** Both nodes run. */
  get complete(): boolean {
    return this.#dying.size === 0 && this.sim.nodes.size === 2
  }

  /** Ends everything. Throws when anything is left: a call, a flow, a journal, a timer, a reservation. */
  async close(): Promise<void> {
    const { sim } = this
    this.tell = () => 'goes on'
    try {
      for (const agent of sim.agents) await agent.logsOut()
      await sim.until('the agents hang up', () => sim.switch.channels.size === 0, '2m')
      await sim.close()
    } finally {
      await this.#pool.end({ timeout: 1 })
    }
  }

  #soon<T>(work: PromiseLike<T>): Promise<T> {
    return this.sim.clock.runUntil(Promise.resolve(work), 60_000)
  }

  #contact(contact: Contact): ReturnType<Tell> {
    return this.#dying.has(contact.node) ? 'lost' : this.tell(contact)
  }

  #read(text: string, node: string): void {
    const [, uuid, phone] = /originate .*origination_uuid='?([0-9a-f-]{36}).*carrier\/(\+\d+)/.exec(text) ?? []
    if (uuid === undefined || phone === undefined) return
    const dial = { uuid, phone, node, at: this.sim.clock.now() }
    this.dials.push(dial)
    this.onDial?.(dial)
  }

  #ring(ring: Wakeup): void {
    for (const [life, wakers] of this.#wakers)
      life.run(() => {
        for (const waker of [...wakers]) waker(ring)
      })
  }

  #dialler({ node, life, clock, log, events, switchboard }: DiallerSeat): SimulatedDialler {
    const { sim } = this
    const sql = sqlOf(this.#pool, node, life, sim.clock, contact => this.#contact(contact))
    const [roster, queueStore] = [life.reach(sim.roster), life.reach(sim.queueStore)]
    const calls = life.reach(sim.callStore)
    const capacity = {
      take: async ({ ids, gateways = [] }: Pick<Ask, 'ids' | 'gateways'>): Promise<Grant> => {
        const room = { lines: 10_000, starts: 10_000, nextStartMs: 0 }
        return { ...room, ids, gateways: gateways.map(({ name }) => ({ name, ...room })) }
      },
      gatewayOf: () => 'carrier',
      prolong: async () => true,
      giveBack: async () => (this.#ring({ what: 'freed' }), true),
    } as unknown as DialCapacity
    const told = {
      tell: <N extends EventName>(name: N, data: EventData<N>) => {
        if (name === 'campaign.completed') this.completed.add((data as EventData<'campaign.completed'>).campaign)
        events.tell(name, data)
      },
    }
    const leads = new Leads({ sql, calls, capacity, roster, clock, log, events: told })
    const wakers = new Set<(ring: Wakeup) => void>()
    this.#wakers.set(life, wakers)
    const wakeup = {
      ring: async (ring: Wakeup) => this.#ring(ring),
      on: (waker: (ring: Wakeup) => void) => {
        wakers.add(waker)
        clock.turn(() => waker({ what: 'resync' }))
        return { [Symbol.dispose]: () => void wakers.delete(waker) }
      },
    } as unknown as DialWakeup
    const home = { commands: life.reach(this.#leases), subscriber: this.#leases } as unknown as DiallingOptions['home']
    return {
      leads: { ...campaignLeads(leads), presume: (uuid, cause) => leads.presume(uuid, cause) },
      openDialling: parts => {
        const gatewayTable = new GatewayTable({ sql, wakeup, clock, log })
        return Dialling.open({
          ...parts,
          ...{ node, clock, log, events: told, sql, home, roster, queueStore, wakeup, switchboard, leads, capacity },
          ...{ gatewayTable, calls, acts: () => null, gateway: 'carrier', callerId: undefined, ringForMs: 20_000 },
          ...{ statuses: NO_LIMITS.statuses, country: null, scripts: '', switches: 'simulation', redis: { url: '' } },
          ask: () => sleep(clock, 0),
          openJobs: async () => ({ close: async () => {} }),
        } as unknown as DiallingOptions)
      },
    }
  }
}
