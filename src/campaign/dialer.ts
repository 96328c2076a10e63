/**
 * Dials one running campaign while this node holds its lease. A turn runs after each change (an agent, the end of an
 * attempt, a free line, a change of the campaign), and when something becomes due (a lead, a claim, a start, an agent's
 * rest): one timer is set to the earliest. campaign-owner.ts creates and stops it.
 */
import { randomUUID } from 'node:crypto'
import type { Country } from '../base/country.ts'
import type { Roster } from '../agent/roster.ts'
import { within, type Clock, type Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Events } from '../events/events.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import { finishCampaign } from './finish-campaign.ts'
import type { Claimed } from '../store/claims.ts'
import { claimMs, notSettled, type Attempts, type Placed } from './attempt.ts'
import { CallableLeads } from './callable-leads.ts'
import type { DialWakeup } from './dial-wakeup.ts'
import type { Campaign } from './campaign.ts'
import type { Ask, DialCapacity } from './dial-capacity.ts'
import { backOffMs, dialNow, type Decision, type Snapshot } from './dial-limits.ts'
import type { Gateways } from './gateways.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import { LINE_GRACE_MS, type Leads } from './leads.ts'
import type { NailedLegs } from './nailed-legs.ts'
import { OverdueAttempts } from './overdue-attempts.ts'
import type { LawNow } from './dial-ahead.ts'
import { learnedRates } from './learned-rate.ts'
import type { Claimant, ClaimAnswer, DialMode, Previews } from './dial-mode.ts'
import type { DialStatuses, DialStatusPart } from './dial-status.ts'
import { modeKey, openMode, type DialModeParts } from './dial-modes.ts'
import type { PacingFigures } from './pacing/pacer.ts'
import type { Team } from './teams.ts'

export interface DialerContext extends DialModeParts {
  leads: Leads
  attempts: Attempts
  capacity: DialCapacity
  gateways: Pick<Gateways, 'usable' | 'limit' | 'explain'>
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
  statuses: Pick<DialStatuses, 'write'>
  lawOf(campaign: Campaign): Promise<LawNow>
  /** Of numbers without a country code, where the campaign names none. */
  country?: Country | null
}

/** Delay after PostgreSQL or Redis failed, or a claim returned no lead. */
const FAULT_MS = 1_000
/** A turn takes some milliseconds; after so many PostgreSQL or Redis has not answered this node. */
const TURN_MS = 10_000

/** What was decided is told so often at most. */
const STATUS_MS = 1_000
/** Only a change can help: the status is kept for so long. */
const NO_CHANGE_MS = 3_600_000

/** Outcomes of calls that say nothing of the person. */
const RANG_NOWHERE: readonly Placed[] = ['refused', 'not-sent', 'passed-on']

/** How long a line and an agent are held for an attempt without any further event. */
const holdMs = (campaign: Campaign): number => claimMs(campaign) + LINE_GRACE_MS

export class Dialer {
  readonly #context: DialerContext
  readonly #mayDial: () => boolean
  readonly #stuck: () => void
  readonly #recovery: OverdueAttempts
  readonly #callable: CallableLeads
  readonly #wakers: Disposable[]
  #campaign: Campaign
  #stopped = false
  #awake = true
  #turning: Promise<void> | null = null
  #timer: Timer | null = null
  #refusals = 0
  #backOffUntil = 0
  readonly #rateOf = learnedRates<Switch>()
  /** When the status was written last. */
  #toldAt = -Infinity
  #mode: { readonly key: string; readonly mode: DialMode } | null = null
  #last: { readonly seen: Snapshot; readonly decision: Decision; readonly figures: PacingFigures | null } | null = null

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

  /**
   * Nothing is dialled from now on; ringing phones ring on. 'let-go': the leads at which agents look are given back.
   * Resolves when the current turn is over.
   */
  async stop(previews: 'stay' | 'let-go' = 'stay'): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    for (const waker of this.#wakers) waker[Symbol.dispose]()
    await this.#turning
    await this.#mode?.mode.close(previews)
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
    const { leads, mirror, switchboard, clock, wakeup, events } = this.#context
    const campaign = this.#campaign
    const mode = await this.#modeOf(campaign)
    const now = clock.now()
    const previewOver = (await mode.previews?.look(campaign, now)) ?? null
    const { teams, free, mostWanted } = mode.staffing()
    const look = () => this.#callable.due(campaign, now, free, Math.max(1, mostWanted))
    let due = await look()
    if (due.expiresAt !== null && due.expiresAt <= now) {
      await this.#recovery.run(campaign, now)
      due = await look()
    }
    if (
      due.ready === 0 &&
      due.nextAt === null &&
      due.expiresAt === null &&
      (await finishCampaign(leads.sql, campaign, now, events))
    ) {
      await wakeup.ring({ what: 'campaign', name: campaign.name })
      return null
    }
    const moments = [due.nextAt, due.expiresAt, previewOver, mirror.nextChange(mirror.of(campaign.queue))]
    const parts: DialStatusPart[] = []
    let ready = due.ready
    const nobody = { at: switchboard.switches.find(one => one.up) ?? null, agents: [] }
    for (const team of teams.length > 0 ? teams : [nobody]) {
      const { claimed, againMs, ...part } = await this.#share(mode, team, ready, due.promisedBy)
      parts.push(part)
      ready -= claimed
      if (againMs !== null) moments.push(now + againMs)
    }
    const next = earliest(moments)
    await this.#tellStatus(campaign, parts, next)
    return next
  }

  async #tellStatus(campaign: Campaign, parts: DialStatusPart[], next: number | null): Promise<void> {
    const { clock, node, statuses } = this.#context
    const now = clock.now()
    if (now < this.#toldAt + STATUS_MS) return
    this.#toldAt = now
    await statuses.write(campaign.id, { node, at: now, mode: campaign.mode, parts }, next ?? now + NO_CHANGE_MS)
  }

  /** Another mode, or another queue: it finds the calls under way, which are settled as before. */
  async #modeOf(campaign: Campaign): Promise<DialMode> {
    const key = modeKey(campaign)
    if (this.#mode?.key === key) return this.#mode.mode
    await this.#mode?.mode.close('let-go')
    this.#mode = null
    const mode = await openMode(this.#context, campaign, {
      changed: () => this.wake(),
      law: () => this.#context.lawOf(this.#campaign),
    })
    this.#mode = { key, mode }
    return mode
  }

  /** The part of the turn for the agents of one FreeSWITCH, with up to `ready` leads: `claimed` of them are gone. */
  async #share(
    mode: DialMode,
    team: Team,
    ready: number,
    promisedBy: readonly string[],
  ): Promise<DialStatusPart & { claimed: number; againMs: number | null }> {
    const { capacity, gateways, clock } = this.#context
    const { at } = team
    const campaign = this.#campaign
    const now = clock.now()
    const over = at && gateways.usable(campaign, at)
    const ask = {
      campaign: campaign.id,
      ofCampaign: { lines: campaign.maxLines, cps: campaign.cps },
      at: at?.name ?? 'none',
      gateways: over?.gateways ?? [],
      now,
      holdMs: holdMs(campaign),
    }
    // first the calls that agents have asked for; those without a line are looked at again
    const asked = at && this.#backOffUntil <= now ? (mode.previews?.asked(at) ?? []) : []
    const first = at && asked.slice(0, this.#rateOf(at).left(now).calls)
    const called = at && first && first.length > 0 ? await this.#dialGranted(mode, at, campaign, ask, first) : 0
    const room = await capacity.take({ ...ask, ids: [] })
    const wanted = await mode.wanted(team, ask.holdMs, promisedBy)
    const rate = at && this.#rateOf(at).left(clock.now())
    const slower = rate !== null && rate.calls < room.starts
    const seen: Snapshot = {
      free: wanted.free,
      wanted: wanted.howMany,
      wantedWhy: wanted.why,
      leads: ready,
      lines: room.lines,
      starts: slower ? rate.calls : room.starts,
      nextStartMs: slower ? Math.max(rate.againMs, room.nextStartMs) : room.nextStartMs,
      ...(over && { gateways: gateways.limit(over, room.gateways ?? []) }),
      backOffMs: Math.max(0, this.#backOffUntil - now),
      switchUp: at !== null,
    }
    const decision = dialNow(seen)
    this.#explain(seen, decision, wanted.figures)
    const tellMs = gateways.explain(campaign, decision.why === 'gateway' ? (seen.gateways?.words ?? null) : null)
    const timeHelps = ready > 0 ? wanted.againMs : null // a lead that becomes due has a timer of its own
    const callMs = called < asked.length ? FAULT_MS : null
    const againMs = earliest([decision.againMs, timeHelps, tellMs, callMs])
    const part = {
      at: at?.name ?? null,
      free: wanted.free,
      wanted: wanted.howMany,
      why: decision.why,
      leads: ready,
      lines: room.lines,
      figures: wanted.figures,
    }
    if (!at || decision.howMany === 0) return { ...part, dialled: called, claimed: 0, againMs }
    const claimed = mode.previews
      ? await this.#offer(mode.previews, at, campaign, decision.howMany)
      : await this.#dialGranted(mode, at, campaign, ask, newIds(decision.howMany))
    this.#awake = true // the next turn finds the limit that then applies
    return { ...part, dialled: called + claimed, claimed, againMs }
  }

  /** Dials calls with these uuids as far as they get lines: another dialer may have been faster. */
  async #dialGranted(
    mode: DialMode,
    at: Switch,
    campaign: Campaign,
    ask: Omit<Ask, 'ids'>,
    ids: readonly string[],
  ): Promise<number> {
    const granted = await this.#context.capacity.take({ ...ask, ids })
    return granted.ids.length > 0 ? this.#dial(mode, at, campaign, granted.ids) : 0
  }

  async #offer(previews: Previews, at: Switch, campaign: Campaign, howMany: number): Promise<number> {
    const claim = { ...this.#claimant(at, campaign), forMs: claimMs(campaign) }
    return this.#claimed(await previews.offer(this.#callable, campaign, at, howMany, claim))
  }

  #claimant(at: Switch, campaign: Campaign): Claimant {
    const { node, gateway } = this.#context
    return { node, gateway: campaign.gateway ?? gateway, core: at.facts.core }
  }

  /** Due, but not claimed: the campaign was paused, or the hours ended, a moment ago. Then it is not asked at once. */
  #claimed({ claimed, putOff }: ClaimAnswer): number {
    if (claimed.length === 0 && putOff === 0) this.#backOffUntil = this.#context.clock.now() + FAULT_MS
    return claimed.length
  }

  /** Dials one lead for each of these uuids, as far as there are leads. Returns the number of leads. */
  async #dial(mode: DialMode, at: Switch, campaign: Campaign, ids: readonly string[]): Promise<number> {
    const { capacity, clock } = this.#context
    const giveBack = (unused: readonly string[]) =>
      Promise.all(unused.flatMap(id => [mode.over(id, false), capacity.giveBack(campaign.id, id)]))
    let used: readonly string[] = []
    try {
      const slots = await mode.prepare(at, ids, holdMs(campaign))
      if (slots.length === 0) return 0
      const now = clock.now()
      const claim = { ...this.#claimant(at, campaign), now, until: now + claimMs(campaign) }
      const answer = mode.previews
        ? await mode.previews.claim(this.#callable, campaign, slots, claim)
        : await this.#callable.claim(campaign, slots, claim)
      used = answer.claimed.map(one => one.attempt)
      this.#rateOf(at).started(used.length, clock.now())
      for (const one of answer.claimed) {
        mode.begins(at, one, now)
        void this.#place(mode, at, campaign, one)
      }
      this.#claimed(answer)
    } finally {
      await giveBack(ids.filter(id => !used.includes(id)))
    }
    return used.length
  }

  async #place(mode: DialMode, at: Switch, campaign: Campaign, claimed: Claimed): Promise<void> {
    const { attempts, clock, log } = this.#context
    const call = claimed.attempt
    try {
      const outcome = await attempts.place(at, campaign, claimed, {
        may: () => this.#mayDial() && at.up && mode.maySend(call),
        refused: () => {
          this.#refusals += clock.now() >= this.#backOffUntil ? 1 : 0 // several refusals within one delay count once
          this.#backOffUntil = clock.now() + backOffMs(this.#refusals)
          this.#rateOf(at).refused(clock.now())
        },
      })
      if (outcome !== 'refused' && outcome !== 'not-sent') this.#refusals = 0
      if (outcome !== 'answered') await this.#over(mode, call, !RANG_NOWHERE.includes(outcome))
    } catch (error) {
      notSettled(log, { uuid: call, campaign: campaign.name }, error as Error)
    }
    mode.forget(call)
    this.wake()
  }

  /** Tells the mode that has dialled the call, and the present one, which may have found it under way. */
  async #over(mode: DialMode, call: string, rang: boolean): Promise<void> {
    const present = this.#mode?.mode ?? mode
    await mode.over(call, rang)
    if (present !== mode) await present.over(call, rang)
  }

  #explain(seen: Snapshot, decision: Decision, figures: PacingFigures | null): void {
    if (this.#last?.decision.why !== decision.why || decision.howMany > 0) {
      this.#context.log.debug(
        { campaign: this.#campaign.name, ...seen, ...decision, ...figures },
        'dialling decision made',
      )
    }
    this.#last = { seen, decision, figures }
  }
}

const newIds = (howMany: number): string[] => Array.from({ length: howMany }, () => randomUUID())

/** Null: there is none. */
function earliest(moments: readonly (number | null)[]): number | null {
  const known = moments.filter(moment => moment !== null)
  return known.length === 0 ? null : Math.min(...known)
}
