/**
 * A short random history of a call centre in virtual time: two campaigns that share agents and are dialled by two
 * nodes, callers of their queues, and agents who take breaks, log out, or hang up and return. The dialers, the
 * reservations, the queues and the agents' rules are the real ones over memory stores. Only the telephones, PostgreSQL
 * and the lines are simulated here.
 */
import { MemoryAgents, memoryRoster } from '../../src/agent/memory-roster.ts'
import { whyNotNow, type Agent } from '../../src/agent/agent.ts'
import { sleep } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Placed, Placing } from '../../src/campaign/attempt.ts'
import { campaignFrom, type Campaign } from '../../src/campaign/campaign.ts'
import { Dialer, type DialerContext } from '../../src/campaign/dialer.ts'
import { RosterMirror } from '../../src/agent/roster-mirror.ts'
import { freeAgentsOf } from '../../src/campaign/reservations.ts'
import { memoryQueueStore } from '../../src/queue/memory-store.ts'
import { openQueues } from '../../src/queue/queue.ts'
import type { Queues } from '../../src/queue/queues.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { listAsSql, NO_LIMITS } from '../dialer-surroundings.ts'
import { waitingCall } from '../waiting-call.ts'
import { pick, seeded } from './links-chance.ts'

const QUEUES = ['sales', 'support'] as const

export class ProgressiveDay {
  readonly clock: VirtualClock
  readonly #agents = new MemoryAgents()
  readonly #roster = memoryRoster(this.#agents)
  readonly #store = memoryQueueStore(this.#agents)
  readonly #random: () => number
  readonly #leaving: boolean
  readonly #queues: Queues[]
  readonly #mirrors: RosterMirror[]
  readonly #names: string[]
  readonly #switch = { name: 'fs', up: true, facts: { core: 'core' } }
  readonly #bells = new Set<() => void>()
  /** Leads whose telephones ring. */
  readonly #ringing = new Set<string>()
  /** Leads who may still answer, or have answered and have no agent; and the queue of each. */
  readonly #unserved = new Map<string, string>()
  #over = false
  /** Not called yet. */
  #leads = 0
  #done = () => {}
  answered = 0
  abandoned = 0
  dialled = 0
  /** How often an agent hung up who was needed. */
  left = 0
  readonly faults: string[] = []

  private constructor(clock: VirtualClock, seed: number, leaving: boolean) {
    this.clock = clock
    this.#random = seeded(seed)
    this.#leaving = leaving
    this.#mirrors = [0, 1].map(() => new RosterMirror(this.#roster, clock, silentLog))
    this.#queues = this.#mirrors.map((mirror, n) =>
      openQueues({ store: this.#store, roster: this.#roster, mirror, clock, log: silentLog, node: 'ab'[n]! }),
    )
    this.#names = Array.from({ length: 1 + Math.floor(this.#random() * 3) }, (_, n) => `agent-${n}`)
  }

  /** This many days, each with its own number, all in the same time: they share the cost of each step. */
  static async runMany(first: number, howMany: number, leaving: boolean): Promise<ProgressiveDay[]> {
    const clock = new VirtualClock()
    const days = Array.from({ length: howMany }, (_, n) => new ProgressiveDay(clock, first + n, leaving))
    const all = Promise.all(days.map(day => day.#run()))
    await clock.runUntil(all, 24 * 3_600_000)
    if (clock.pending().length > 0) days[0]!.faults.push(`${clock.pending().length} timers left`)
    return days
  }

  /** From the first dial until all is over. */
  async #run(): Promise<void> {
    const { clock } = this
    for (const name of QUEUES) await this.#store.put({ name, strategy: 'longest-idle-agent' })
    for (const [n, name] of this.#names.entries()) {
      const served = QUEUES.filter(() => n === 0 || this.#random() < 0.7)
      const queues = (served.length > 0 ? served : [pick(this.#random, QUEUES)]).map(queue => ({
        queue,
        level: 1,
        position: 1,
      }))
      await this.#roster.put(
        { name, endpoint: `user/${name}`, wrapUpMs: pick(this.#random, [0, 3_000]), ringForMs: 20_000, queues },
        clock.now(),
      )
      await this.#roster.nail(name, { leg: name, node: 'a' }, clock.now())
      await this.#roster.setStatus(name, 'ready', clock.now())
    }
    const leads = QUEUES.map(() => 1 + Math.floor(this.#random() * 4))
    this.#leads = leads[0]! + leads[1]!
    const done = new Promise<void>(resolve => (this.#done = resolve))
    const dialers = QUEUES.map((queue, n) => new Dialer(this.#rig(queue, n, leads[n]!), campaign(queue), () => true))
    const callers = Array.from({ length: Math.floor(this.#random() * 3) }, (_, n) => this.#callerLives(`caller-${n}`))
    const lives = [...callers, ...this.#names.map(name => this.#agentLives(name))]
    await done
    this.#over = true
    await Promise.all(lives)
    await sleep(clock, 60_000)
    await Promise.all(dialers.map(dialer => dialer.stop()))
    for (const queues of this.#queues) await queues[Symbol.asyncDispose]()
    for (const mirror of this.#mirrors) mirror.close()
    const held = (await this.#roster.list(clock.now())).filter(agent => agent.reservation !== null)
    if (held.length > 0)
      this.faults.push(
        `${held.map(({ name, reservation }) => `${name} for ${reservation!.for}`).join()} when all is over`,
      )
  }

  /** Milliseconds up to n; in quarters of a second, so that some things happen in the same moment. */
  #upTo(n: number): number {
    return 250 * Math.floor((this.#random() * n) / 250)
  }

  /** The surroundings of a dialer: PostgreSQL is a number of leads, lines have no limit. */
  #rig(queue: string, node: number, leads: number): DialerContext {
    let [left, under] = [leads, 0]
    const sql = listAsSql({
      left: () => left,
      expiresAt: () => (under === 0 && left > 0 ? null : this.clock.now() + 1e9),
      claim: ids => {
        const claimed = ids.slice(0, left)
        left -= claimed.length
        this.#leads -= claimed.length
        under += claimed.length
        return claimed
      },
    })
    const attempts = {
      rings: (call: string) => this.#ringing.has(call),
      place: async (_: unknown, __: unknown, { attempt }: { attempt: string }, { may }: Placing): Promise<Placed> => {
        if (!may()) {
          left++
          this.#leads++
          return 'not-sent'
        }
        this.#ringing.add(attempt)
        await this.#dial(attempt, queue)
        await sleep(this.clock, 500 + this.#upTo(25_000))
        this.#ringing.delete(attempt)
        if (this.#random() < 0.6) {
          void this.#flow(attempt, queue).finally(() => under--)
          return 'answered'
        }
        under--
        await this.#settle(attempt)
        return 'busy'
      },
    }
    const wakeup = {
      on: (listener: () => void) => {
        this.#bells.add(listener)
        return { [Symbol.dispose]: () => this.#bells.delete(listener) }
      },
    }
    const homeOf = () => this.#switch
    const lines = { homeOf, on: () => ({ [Symbol.dispose]() {} }) }
    const rig = {
      leads: { sql },
      attempts,
      ...NO_LIMITS,
      wakeup,
      // no mode that dials ahead was before
      onPlace: () => ({ [Symbol.dispose]() {} }),
      nailedLegs: lines,
      roster: this.#roster,
      mirror: this.#mirrors[node]!,
      switchboard: { switches: [this.#switch] },
      clock: this.clock,
      log: silentLog,
      node: `node-${node}`,
      gateway: 'carrier',
    }
    return rig as unknown as DialerContext
  }

  /** Every lead who may need an agent now has one: checked in the records themselves. */
  async #dial(call: string, queue: string): Promise<void> {
    this.dialled++
    this.#unserved.set(call, queue)
    const agents = await this.#roster.list(this.clock.now())
    const counts = ({ reservation }: Agent) =>
      reservation !== null && (reservation.queue === null || this.#unserved.has(reservation.for))
    const ready = agents.filter(agent => agent.nailed && (counts(agent) || whyNotNow(agent, this.clock.now()) === null))
    const without = [...this.#unserved.keys()].filter(
      one => !agents.some(({ nailed, reservation }) => nailed && reservation?.for === one),
    )
    if (without.includes(call) || (this.left === 0 && (without.length > 0 || this.#unserved.size > ready.length))) {
      this.faults.push(
        `${call} is dialled: ${this.#unserved.size} leads, ${without.length} without an agent, ${ready.length} agents`,
      )
    }
  }

  /**
   * No agent was available for them: every agent of the queue on the line talks, rests, or belongs to another answered
   * lead.
   */
  async #abandon(call: string, queue: string): Promise<void> {
    this.abandoned++
    const now = this.clock.now()
    // changed in this very moment: too late
    const changed = ({ stateSince, nailed, rev }: Agent) => Math.max(stateSince, nailed!.since, rev) >= now
    const serving = (await this.#roster.list(now)).filter(
      agent => agent.nailed && !changed(agent) && agent.queues.some(tier => tier.queue === queue),
    )
    const had = serving.filter(
      agent => whyNotNow(agent, now) === null || this.#ringing.has(agent.reservation?.for ?? ''),
    )
    if (had.length > 0)
      this.faults.push(
        `${call} is abandoned beside ${had.map(({ name, reservation }) => `${name} for ${reservation?.for ?? 'nobody'}`).join()}`,
      )
  }

  async #settle(call: string): Promise<void> {
    this.#unserved.delete(call)
    await freeAgentsOf(call, this.#roster, this.clock.now())
    for (const ring of this.#bells) ring()
    if (this.#leads === 0 && this.#unserved.size === 0) this.#done()
  }

  async #flow(call: string, queue: string): Promise<void> {
    await sleep(this.clock, this.#upTo(2_500)) // person or machine?
    if (this.#random() < 0.8) {
      this.answered++
      const asked = this.clock.now()
      const served = await this.#talk(call, queue, pick(this.#random, this.#queues), '2s', '1d')
      if (!served) await this.#abandon(call, queue)
      if (this.left === 0 && this.clock.now() - asked > 60_000) this.faults.push(`${call} waited`)
    } else await sleep(this.clock, this.#upTo(5_000)) // a message for the machine
    await this.#settle(call)
  }

  async #talk(uuid: string, queue: string, at: Queues, within: '2s' | '30s', headStart: '0s' | '1d'): Promise<boolean> {
    await using place = await at.enter(waitingCall(uuid), queue, {
      headStart,
    })
    await using agent = await place.agent({ within })
    if (!agent || !(await agent.talking())) return false
    this.#unserved.delete(uuid)
    await sleep(this.clock, this.#upTo(20_000))
    return true
  }

  async #callerLives(name: string): Promise<void> {
    await sleep(this.clock, this.#upTo(60_000))
    await this.#talk(name, pick(this.#random, QUEUES), pick(this.#random, this.#queues), '30s', '0s')
  }

  /** Breaks and log-outs break no reservation. A hang-up does. */
  async #agentLives(name: string): Promise<void> {
    while (!this.#over) {
      await sleep(this.clock, 1_000 + this.#upTo(60_000))
      if (this.#leaving && this.#random() < 0.3) {
        this.left++
        await this.#roster.nail(name, null, this.clock.now())
        await sleep(this.clock, this.#upTo(20_000))
        await this.#roster.nail(name, { leg: name, node: 'a' }, this.clock.now())
      } else {
        await this.#roster.setStatus(
          name,
          pick(this.#random, ['break', 'logged-out', 'ready', 'ready']),
          this.clock.now(),
        )
      }
    }
    await this.#roster.setStatus(name, 'ready', this.clock.now())
  }
}

const campaign = (queue: string) => ({ ...campaignFrom({ name: queue, queue }), id: queue }) as unknown as Campaign
