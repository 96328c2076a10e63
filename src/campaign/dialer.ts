/**
 * Dials one running campaign while this node holds its lease. A turn runs after each change (an agent, the end of an
 * attempt, a free line, a change of the campaign), and when something becomes due (a lead, a claim, a start, an agent's
 * rest): one timer is set to the earliest. campaign-owner.ts creates and stops it.
 */
import type { Country } from '../base/country.ts'
import { randomUUID } from 'node:crypto'
import type { Agent } from '../agent/agent.ts'
import type { Roster } from '../agent/roster.ts'
import { within, type Clock, type Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Events } from '../events/events.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import { finishCampaign } from '../store/campaigns.ts'
import type { Claimed } from '../store/claims.ts'
import { claimMs, notSettled, type Attempts } from './attempt.ts'
import { CallableLeads } from './callable-leads.ts'
import type { DialWakeup } from './dial-wakeup.ts'
import type { Campaign } from './campaign.ts'
import type { DialCapacity } from './dial-capacity.ts'
import { backOffMs, dialNow, type Decision, type Snapshot } from './dial-limits.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import { LINE_GRACE_MS, type Leads } from './leads.ts'
import type { NailedLegs } from './nailed-legs.ts'
import { OverdueAttempts } from './overdue-attempts.ts'
import { Reservations } from './reservations.ts'
import { teamsOf, type Team } from './teams.ts'

export interface DialerContext {
  leads: Leads
  attempts: Attempts
  capacity: DialCapacity
  wakeup: DialWakeup
  roster: Roster
  mirror: RosterMirror
  nailedLegs: Pick<NailedLegs, 'homeOf' | 'on'>
  switchboard: Switchboard
  clock: Clock
  log: Log
  events: Events
  node: string
  gateway: string
  /** Of numbers without a country code, where the campaign names none. */
  country?: Country | null
}

/** Delay after PostgreSQL or Redis failed, or a claim returned no lead. */
const FAULT_MS = 1_000
/** A turn takes some milliseconds; after so many PostgreSQL or Redis has not answered this node. */
const TURN_MS = 10_000

/** How long a line and an agent are held for an attempt without any further event. */
const holdMs = (campaign: Campaign): number => claimMs(campaign) + LINE_GRACE_MS

export class Dialer {
  readonly #context: DialerContext
  readonly #mayDial: () => boolean
  readonly #stuck: () => void
  readonly #recovery: OverdueAttempts
  readonly #callable: CallableLeads
  readonly #reservations: Reservations
  readonly #wakers: Disposable[]
  #campaign: Campaign
  #stopped = false
  #awake = true
  #turning: Promise<void> | null = null
  #timer: Timer | null = null
  #refusals = 0
  #backOffUntil = 0
  #last: { readonly seen: Snapshot; readonly decision: Decision } | null = null

  /**
   * `holds` returns whether this node still holds the lease; `stuck` is called when a turn does not end within TURN_MS.
   */
  constructor(context: DialerContext, campaign: Campaign, holds: () => boolean, stuck: () => void = () => {}) {
    this.#stuck = stuck
    this.#context = context
    this.#campaign = campaign
    this.#mayDial = () => !this.#stopped && holds()
    this.#recovery = new OverdueAttempts(context)
    this.#callable = new CallableLeads(context.leads.sql, context.country)
    this.#reservations = new Reservations(context)
    this.#wakers = [
      context.mirror.on('written', () => this.wake()),
      context.mirror.on('loaded', () => this.wake()),
      context.nailedLegs.on('kept', () => this.wake()),
      context.wakeup.on(() => this.wake()),
    ]
    this.wake()
  }

  /** The last snapshot and decision: they explain why no lead is dialled. */
  get last() {
    return this.#last
  }

  /** New settings, used from the next decision on. */
  set campaign(campaign: Campaign) {
    this.#campaign = campaign
    this.wake()
  }

  wake(): void {
    this.#awake = true
    if (this.#stopped) return
    this.#turning ??= this.#turns().finally(() => {
      this.#turning = null
      if (this.#awake && this.#mayDial()) this.wake() // woken after the last turn
    })
  }

  /** Nothing is dialled from now on; ringing phones ring on. Resolves when the current turn is over. */
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
        this.#context.log.warn(
          { campaign: this.#campaign.name, error: (error as Error).message },
          'dialling a campaign failed; it is retried',
        )
        next = this.#context.clock.now() + FAULT_MS
        this.#backOffUntil = Math.max(this.#backOffUntil, next) // lines that are given back wake this dialer at once
      }
      if (next === null || this.#stopped) continue
      const { clock } = this.#context
      this.#timer = clock.after(Math.max(1, next - clock.now()), () => this.wake())
    }
  }

  async #timely<T>(turn: Promise<T>): Promise<T> {
    if (!(await within(this.#context.clock, TURN_MS, turn))) this.#stuck()
    return turn
  }

  /** One turn: reads, decides, dials. Returns the next moment at which something becomes due, or null. */
  async #turn(): Promise<number | null> {
    const { leads, mirror, nailedLegs: lines, switchboard, clock, wakeup, events } = this.#context
    const campaign = this.#campaign
    const now = clock.now()
    const free = mirror.free(campaign.queue)
    const look = () =>
      this.#callable.due(
        campaign,
        now,
        free.map(({ name }) => name),
        Math.max(1, free.length),
      )
    let due = await look()
    if (due.expiresAt !== null && due.expiresAt <= now) {
      await this.#recovery.run(campaign, now)
      due = await look()
    }
    if (
      due.ready === 0 &&
      due.nextAt === null &&
      due.expiresAt === null &&
      (await finishCampaign(leads.sql, campaign.id, now))
    ) {
      events.tell('campaign.completed', { campaign: campaign.name })
      await wakeup.ring({ what: 'campaign', name: campaign.name })
      return null
    }
    const moments = [due.nextAt, due.expiresAt, mirror.nextChange(mirror.of(campaign.queue))]
    let ready = due.ready
    const teams = teamsOf(free, mirror.held(campaign.queue), agent => lines.homeOf(agent))
    const nobody = { at: switchboard.switches.find(one => one.up) ?? null, free: [], held: [] }
    for (const team of teams.length > 0 ? teams : [nobody]) {
      const { dialled, againMs } = await this.#share(team, ready)
      ready -= dialled
      if (againMs !== null) moments.push(now + againMs)
    }
    const known = moments.filter(moment => moment !== null)
    return known.length === 0 ? null : Math.min(...known)
  }

  /** The part of the turn for the agents of one FreeSWITCH, with up to `ready` leads. */
  async #share({ at, free, held }: Team, ready: number): Promise<{ dialled: number; againMs: number | null }> {
    const { attempts, capacity, mirror, clock } = this.#context
    const campaign = this.#campaign
    const now = clock.now()
    const ask = {
      campaign: campaign.id,
      ofCampaign: { lines: campaign.maxLines, cps: campaign.cps },
      at: at?.name ?? 'none',
      now,
      holdMs: holdMs(campaign),
    }
    // first the calls whose agent has left: new leads are dialled only for agents who are free after that
    const agents = at ? await this.#reservations.cover(at, free, call => attempts.rings(call), ask.holdMs) : free
    const room = await capacity.take({ ...ask, ids: [] })
    const seen: Snapshot = {
      free: free.length + held.length,
      wantedWhy: free.length + held.length === 0 ? 'no-agents' : 'agents',
      wanted: Math.max(0, agents.length - mirror.unserved(campaign.queue)),
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
    const dialled = granted.ids.length > 0 ? await this.#dial(at, campaign, granted.ids, agents) : 0
    this.#awake = true // the next turn finds the limit that then applies
    return { dialled, againMs: decision.againMs }
  }

  /** Dials one lead for each of these agents, as far as there are ids and leads. Returns the number of leads. */
  async #dial(at: Switch, campaign: Campaign, ids: readonly string[], agents: readonly Agent[]): Promise<number> {
    const { capacity, clock, node, gateway } = this.#context
    const reservations = this.#reservations
    const giveBack = (unused: readonly string[]) =>
      Promise.all(unused.flatMap(id => [reservations.free(id), capacity.giveBack(campaign.id, id)]))
    let used: readonly string[] = []
    try {
      const reserved = await reservations.reserve(at, agents, ids, holdMs(campaign))
      const now = clock.now()
      if (reserved.length === 0) return 0
      const slots = ids.flatMap((id, n) => (reserved.includes(id) ? [{ id, agent: agents[n]?.name ?? null }] : []))
      const { claimed, putOff } = await this.#callable.claim(campaign, slots, {
        node,
        gateway: campaign.gateway ?? gateway,
        core: at.facts.core,
        now,
        until: now + claimMs(campaign),
      })
      used = claimed.map(one => one.attempt)
      for (const one of claimed) void this.#place(at, campaign, one)
      // due, but not claimed: the campaign was paused, or the hours ended, a moment ago
      if (claimed.length === 0 && putOff === 0) this.#backOffUntil = now + FAULT_MS
    } finally {
      await giveBack(ids.filter(id => !used.includes(id)))
    }
    return used.length
  }

  async #place(at: Switch, campaign: Campaign, claimed: Claimed): Promise<void> {
    const { attempts, clock, log } = this.#context
    const call = claimed.attempt
    try {
      const outcome = await attempts.place(at, campaign, claimed, {
        may: () => this.#mayDial() && at.up && this.#reservations.stands(call),
        refused: () => {
          this.#refusals += clock.now() >= this.#backOffUntil ? 1 : 0 // several refusals within one delay count once
          this.#backOffUntil = clock.now() + backOffMs(this.#refusals)
        },
      })
      if (outcome !== 'refused' && outcome !== 'not-sent') this.#refusals = 0
      if (outcome !== 'answered') await this.#reservations.free(call)
    } catch (error) {
      notSettled(log, { uuid: call, campaign: campaign.name }, error as Error)
    }
    this.#reservations.forget(call)
    this.wake()
  }

  #explain(seen: Snapshot, decision: Decision): void {
    if (this.#last?.decision.why !== decision.why || decision.howMany > 0) {
      this.#context.log.debug({ campaign: this.#campaign.name, ...seen, ...decision }, 'dialling decision made')
    }
    this.#last = { seen, decision }
  }
}
