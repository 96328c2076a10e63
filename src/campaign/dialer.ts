/**
 * Dials one running campaign, as long as the lease is held. It looks when something has happened (an agent, an end of an attempt, a line
 * that became free, a change of the campaign) or becomes due (a lead, a claim, a start, an agent's rest): one timer for the earliest.
 */
import { randomUUID } from 'node:crypto'
import type { Agent } from '../agent/agent.ts'
import { within, type Clock, type Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Switch, Switchboard } from '../call/switchboard.ts'
import { finishCampaign } from '../store/campaigns.ts'
import { claimLeads, dueLeads, retireOptedOut } from '../store/leads.ts'
import { claimMs, type Attempts } from './attempt.ts'
import type { Bell } from './bell.ts'
import type { Campaign } from './campaign.ts'
import type { Capacity } from './capacity.ts'
import type { Floor } from './floor.ts'
import { LINE_GRACE_MS, type LeadDesk } from './lead.ts'
import type { Lines } from './lines.ts'
import { backOffMs, dialNow, type Decision, type Snapshot } from './pacing.ts'
import { Recovery } from './recover.ts'

export interface DialerHouse {
  leads: LeadDesk
  attempts: Attempts
  capacity: Capacity
  bell: Bell
  floor: Floor
  lines: Pick<Lines, 'homeOf' | 'on'>
  switchboard: Switchboard
  clock: Clock
  log: Log
  node: string
  gateway: string
}

/** After PostgreSQL or Redis failed, or a claim came back empty. */
const FAULT_MS = 1_000
/** A turn takes some milliseconds; after so many PostgreSQL or Redis has swallowed what this node asked. */
const TURN_MS = 10_000

export class Dialer {
  readonly #house: DialerHouse
  readonly #mayDial: () => boolean
  readonly #stuck: () => void
  readonly #recovery: Recovery
  readonly #wakers: Disposable[]
  #campaign: Campaign
  #stopped = false
  #awake = true
  #turning: Promise<void> | null = null
  #timer: Timer | null = null
  #refusals = 0
  #backOffUntil = 0
  #last: { readonly seen: Snapshot; readonly decision: Decision } | null = null

  /** `holds` says in every moment whether the campaign is still ours; `stuck` is told of a turn that does not end. */
  constructor(house: DialerHouse, campaign: Campaign, holds: () => boolean, stuck: () => void = () => {}) {
    this.#stuck = stuck
    this.#house = house
    this.#campaign = campaign
    this.#mayDial = () => !this.#stopped && holds()
    this.#recovery = new Recovery(house)
    this.#wakers = [house.floor.on('change', () => this.wake()), house.lines.on('kept', () => this.wake()), house.bell.on(() => this.wake())]
    this.wake()
  }

  /** What was seen and decided last, for whoever asks why nobody is dialled. */
  get last() {
    return this.#last
  }

  /** New settings, from the next decision on. */
  set campaign(campaign: Campaign) {
    this.#campaign = campaign
    this.wake()
  }

  wake(): void {
    this.#awake = true
    if (this.#stopped) return
    this.#turning ??= this.#turns().finally(() => {
      this.#turning = null
      if (this.#awake && this.#mayDial()) this.wake() // woken after the last look
    })
  }

  /** From this moment on nothing is dialled; phones that ring go on ringing. Resolves when the turn under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    for (const waker of this.#wakers) waker[Symbol.dispose]()
    await this.#turning
  }

  async #turns(): Promise<void> {
    while (this.#awake && this.#mayDial()) {
      this.#awake = false
      this.#timer?.cancel()
      let next: number | null
      try {
        next = await this.#timely(this.#turn())
      } catch (error) {
        this.#house.log.warn({ campaign: this.#campaign.name, error: (error as Error).message }, 'a campaign cannot be dialled now')
        next = this.#house.clock.now() + FAULT_MS
        this.#backOffUntil = Math.max(this.#backOffUntil, next) // what is given back wakes us at once
      }
      if (next === null || this.#stopped) continue
      const { clock } = this.#house
      this.#timer = clock.after(Math.max(1, next - clock.now()), () => this.wake())
    }
  }

  async #timely<T>(turn: Promise<T>): Promise<T> {
    if (!(await within(this.#house.clock, TURN_MS, turn))) this.#stuck()
    return turn
  }

  /** Looks, decides, dials. The next moment at which something becomes due, or null. */
  async #turn(): Promise<number | null> {
    const { leads, floor, clock, bell } = this.#house
    const campaign = this.#campaign
    const now = clock.now()
    const free = floor.free(campaign.queue)
    const worthCounting = Math.max(1, free.length)
    let due = await dueLeads(leads.sql, campaign.id, now, worthCounting)
    if (due.expiresAt !== null && due.expiresAt <= now) {
      await this.#recovery.run(campaign, now)
      due = await dueLeads(leads.sql, campaign.id, now, worthCounting)
    }
    if (due.ready === 0 && due.nextAt === null && due.expiresAt === null && (await finishCampaign(leads.sql, campaign.id, now))) {
      this.#house.log.info({ campaign: campaign.name }, 'a campaign is done')
      await bell.ring({ what: 'campaign', name: campaign.name })
      return null
    }
    const moments = [due.nextAt, due.expiresAt, floor.nextChange(floor.of(campaign.queue))]
    let ready = due.ready
    for (const [at, agents] of this.#whereTheyWait(free)) {
      const { dialled, againMs } = await this.#share(at, agents, ready)
      ready -= dialled
      if (againMs !== null) moments.push(now + againMs)
    }
    const known = moments.filter(moment => moment !== null)
    return known.length === 0 ? null : Math.min(...known)
  }

  /** A lead is dialled where the agent waits whom they are to talk to. Null: agents on a switch that is away, or not known yet. */
  #whereTheyWait(free: readonly Agent[]): ReadonlyMap<Switch | null, readonly Agent[]> {
    const { lines, switchboard } = this.#house
    const homes = new Map<Switch | null, Agent[]>()
    for (const agent of free) {
      const home = lines.homeOf(agent)
      homes.set(home, [...(homes.get(home) ?? []), agent])
    }
    if (free.length === 0) homes.set(switchboard.switches.find(one => one.up) ?? null, [])
    return homes
  }

  /** The part of the turn that is for the agents of one switch, with as many leads as are `ready`. */
  async #share(at: Switch | null, agents: readonly Agent[], ready: number): Promise<{ dialled: number; againMs: number | null }> {
    const { capacity, clock } = this.#house
    const campaign = this.#campaign
    const now = clock.now()
    const ask = {
      campaign: campaign.id,
      ofCampaign: { lines: campaign.maxLines, cps: campaign.cps },
      at: at?.name ?? 'none',
      agents: agents.map(agent => agent.name),
      now,
      holdMs: claimMs(campaign) + LINE_GRACE_MS,
    }
    const room = await capacity.take({ ...ask, ids: [] })
    const seen: Snapshot = {
      free: agents.length,
      unpromised: room.unpromised,
      leads: ready,
      lines: room.lines,
      starts: room.starts,
      nextStartMs: room.nextStartMs,
      backOffMs: Math.max(0, this.#backOffUntil - now),
      switchUp: at !== null,
    }
    const decision = dialNow(seen)
    this.#explain(seen, decision)
    if (!at || decision.howMany === 0) return { dialled: 0, againMs: decision.againMs }
    const ids = Array.from({ length: decision.howMany }, () => randomUUID())
    const granted = await capacity.take({ ...ask, ids }) // another dialer may have been faster
    const dialled = granted.ids.length > 0 ? await this.#dial(at, campaign, granted.ids) : 0
    this.#awake = true // what stands in the way of the next one is seen afterwards
    return { dialled, againMs: decision.againMs }
  }

  async #dial(at: Switch, campaign: Campaign, ids: readonly string[]): Promise<number> {
    const { leads, capacity, clock, node, gateway } = this.#house
    const now = clock.now()
    const giveBack = (unused: readonly string[]) => Promise.all(unused.map(id => capacity.giveBack(campaign.id, id)))
    const claim = { campaign: campaign.id, node, gateway: campaign.gateway ?? gateway, core: at.facts.core, now, until: now + claimMs(campaign), ids }
    const claimed = await claimLeads(leads.sql, claim).catch(async (error: unknown) => {
      await giveBack(ids)
      throw error
    })
    for (const one of claimed) void this.#place(at, campaign, one)
    if (claimed.length === 0) {
      // due, and yet not to be had: paused a moment ago, or opted out while the list was read
      await retireOptedOut(leads.sql, campaign.id, now)
      this.#backOffUntil = now + FAULT_MS
    }
    const used = new Set(claimed.map(one => one.attempt))
    await giveBack(ids.filter(id => !used.has(id)))
    return claimed.length
  }

  async #place(at: Switch, campaign: Campaign, claimed: Awaited<ReturnType<typeof claimLeads>>[number]): Promise<void> {
    const { attempts, clock, log } = this.#house
    try {
      const outcome = await attempts.place(at, campaign, claimed, () => this.#mayDial() && at.up)
      if (outcome === 'refused') {
        this.#refusals += clock.now() >= this.#backOffUntil ? 1 : 0 // several at once are one refusal
        this.#backOffUntil = clock.now() + backOffMs(this.#refusals)
      } else if (outcome !== 'not-sent') {
        this.#refusals = 0
      }
    } catch (error) {
      // its claim runs out, and then it is looked into
      log.error({ uuid: claimed.attempt, campaign: campaign.name, error: (error as Error).message }, 'an attempt was not settled')
    }
    this.wake()
  }

  #explain(seen: Snapshot, decision: Decision): void {
    if (this.#last?.decision.why !== decision.why || decision.howMany > 0) {
      this.#house.log.debug({ campaign: this.#campaign.name, ...seen, ...decision }, 'a dialling decision')
    }
    this.#last = { seen, decision }
  }
}
