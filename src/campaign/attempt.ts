/**
 * One attempt: calls one lead, once. Its row is committed before the command to FreeSWITCH; its id is the uuid of the
 * leg. An answered leg enters the listener of any node, and its flow settles the attempt. All other outcomes are
 * settled here. Used by dialer.ts.
 */
import { setMaxListeners } from 'node:events'
import { within, type Clock, type Timer } from '../base/clock.ts'
import { InputError } from '../base/errors.ts'
import { retry, RETRY } from '../base/retry.ts'
import type { Log } from '../base/log.ts'
import type { Events } from '../events/events.ts'
import { gatewayRefusal } from '../switch/hangup-cause.ts'
import { originate } from '../switch/originate.ts'
import type { Switch } from '../switch/switchboard.ts'
import type { SwitchEvent } from '../esl/event.ts'
import {
  dial,
  endpoint,
  ident,
  uuid as parseUuid,
  varValue,
  type Dial,
  type Ident,
  type Uuid,
} from '../esl/safe-text.ts'
import { markAttempt } from '../store/attempts.ts'
import type { Claimed } from '../store/claims.ts'
import type { Campaign } from './campaign.ts'
import type { Gateways, Route } from './gateways.ts'
import { dialEnd, type AttemptEnd } from './disposition.ts'
import { LINE_GRACE_MS, type Leads } from './leads.ts'

/**
 * ringForMs counts the ringing, not the network's setup: a call may take 5 s to its first ring (long distance, ITU-T
 * E.721).
 */
const POST_DIAL_MS = 5_000
/** switch/originate.ts asks FreeSWITCH 10 s after the latest possible end; after this time another node may. */
const SILENT_MS = 25_000
/**
 * A flow whose call has ended has so long to settle the attempt; after that the flow counts as dead, or never began.
 */
const FLOW_GRACE_MS = 30_000
/** A lead that FreeSWITCH refused to dial waits so long behind the others: one number must not delay a campaign. */
const REFUSED_MS = 10_000
/** No gateway had room in this moment. */
const FULL_MS = 1_000
/** How long a stop waits for attempts under way. */
const LET_GO_MS = 2_000

/**
 * What happens to ringing telephones when this node stops. 'let-go': they stop ringing, and their leads are called
 * another time. 'ring-on': another node serves the leads who answer, and checks the other attempts when their claims
 * expire.
 */
export type Ringing = 'let-go' | 'ring-on'

export interface AttemptsOptions {
  leads: Leads
  clock: Clock
  log: Log
  events: Events
  /** The installation's number and gateway, for campaigns without their own. */
  callerId?: string | undefined
  gateway: string
  /** Chooses the gateway and the number of each call. Absent: those of the campaign, else those above. */
  routes?: Pick<Gateways, 'route' | 'passesOn'> | undefined
}

export interface Placing {
  /** Called in the same turn as the command to FreeSWITCH. False: nothing is sent. */
  may(): boolean
  /**
   * FreeSWITCH itself refused. Called before the agent and the line of this attempt are free, because a dialer may use
   * them at once.
   */
  refused?(): void
}

/** 'passed-on': the gateway refused, and the next attempt goes over another one. */
export type Placed = AttemptEnd | 'answered' | 'refused' | 'not-sent' | 'passed-on'

/** How long the claim of a lead lasts when its dialer dies. */
export const claimMs = (campaign: Pick<Campaign, 'ringForMs'>): number => campaign.ringForMs + POST_DIAL_MS + SILENT_MS

/** An attempt under way; it `rings` from the command to FreeSWITCH until its outcome is known. */
interface Way {
  rings: boolean
}

/** Its claim and its reservation expire; then overdue-attempts.ts checks the attempt. */
export function notSettled(log: Log, fields: { uuid: string; campaign?: string }, error: Error): void {
  log.error(
    { ...fields, error: error.message },
    'settling an attempt failed; it is checked again when its claim expires',
  )
}

export class Attempts {
  readonly #options: AttemptsOptions
  readonly #ways = new Map<string, Way>()
  readonly #placing = new Map<Way, Promise<void>>()
  readonly #stopping = new AbortController()
  readonly #answered = new Map<string, Disposable>()

  constructor(options: AttemptsOptions) {
    this.#options = options
    setMaxListeners(0, this.#stopping.signal) // one listener for each ringing telephone; they are not a leak
  }

  /** True while this process waits for the attempt's outcome. */
  drives(attempt: string): boolean {
    return this.#ways.has(attempt)
  }

  /** True while it may still be answered: the command was sent, and the outcome is not known. */
  rings(attempt: string): boolean {
    return this.#ways.get(attempt)?.rings ?? false
  }

  /**
   * Dials, unless `may` returns false: then nothing is sent and the lead is ready again. Resolves when the attempt is
   * settled, or answered. Rejects when PostgreSQL is unavailable for a minute; then the claim expires and the attempt
   * is checked (overdue-attempts.ts).
   */
  place(at: Switch, campaign: Campaign, claimed: Claimed, dialler: Placing): Promise<Placed> {
    const way: Way = { rings: false }
    const placing = this.#place(at, campaign, claimed, dialler, way)
    const through = placing
      .then(
        () => {},
        () => {},
      )
      .finally(() => this.#placing.delete(way)) // the caller of `place` gets a failure
    this.#placing.set(way, through)
    return placing
  }

  async #place(at: Switch, campaign: Campaign, claimed: Claimed, dialler: Placing, way: Way): Promise<Placed> {
    const { leads } = this.#options
    const { attempt } = claimed
    this.#ways.set(attempt, way)
    try {
      return await this.#dial(at, campaign, parseUuid(attempt), claimed, dialler, way)
    } catch (error) {
      if (!(error instanceof InputError)) throw error // a number or name that no command to FreeSWITCH may contain
      this.#options.log.warn(
        { uuid: attempt, campaign: campaign.name, error: error.message },
        'lead not dialled: its number or a campaign setting is invalid',
      )
      await this.#tell(() => leads.settle(attempt, 'invalid', { cause: 'INVALID_NUMBER_FORMAT' }))
      return 'invalid'
    } finally {
      this.#ways.delete(attempt)
    }
  }

  /** As `close`, without waiting: with 'let-go' the telephones stop ringing now. */
  stop(ringing: Ringing): void {
    if (ringing === 'let-go') this.#stopping.abort()
  }

  /**
   * Call it after the dialers have stopped. Waits until attempts under way are settled, at most 2 s, and no longer
   * watches answered calls: a node checks them when their claims expire.
   */
  async close(ringing: Ringing = 'let-go'): Promise<void> {
    const { clock } = this.#options
    this.stop(ringing)
    const awaited = [...this.#placing]
      .filter(([way]) => ringing === 'let-go' || !way.rings)
      .map(([, through]) => through)
    await within(clock, LET_GO_MS, Promise.all(awaited))
    for (const watch of this.#answered.values()) watch[Symbol.dispose]()
  }

  /** The number of ringing telephones. */
  get ringing(): number {
    return [...this.#placing.keys()].filter(way => way.rings).length
  }

  async #dial(
    at: Switch,
    campaign: Campaign,
    uuid: Uuid,
    claimed: Claimed,
    dialler: Placing,
    way: Way,
  ): Promise<Placed> {
    const { leads, clock, log, events, routes } = this.#options
    const { phone, lead } = claimed
    const route = await this.#route(at, campaign, claimed)
    if (!route) {
      await this.#tell(() => leads.refuse(uuid, 'NOT_SENT', FULL_MS))
      return 'not-sent'
    }
    const { callerId: shown } = route
    const target = {
      endpoint: endpoint(`sofia/gateway/${ident(route.gateway)}/${dial(phone)}`),
      flow: ident(campaign.flow),
      callerId: shown === null ? undefined : (dial(shown) satisfies Dial),
      variables: new Map([
        ['switchhook_attempt' as Ident, varValue(uuid)],
        ['switchhook_campaign' as Ident, varValue(campaign.id)],
      ]),
    }
    const after = this.#watch(at, uuid)
    let news: Promise<void> = Promise.resolve()
    const tell = (stage: 'created' | 'ringing' | 'answered') => {
      const now = clock.now()
      news = news
        .then(() => markAttempt(leads.sql, uuid, stage === 'created' ? 'sent' : stage, now))
        .catch((error: Error) =>
          log.warn({ uuid, stage, error: error.message }, 'writing the progress of an attempt failed'),
        )
    }
    try {
      // this check and the command are in one turn: nothing is dialled after a stop, or with an expired lease
      if (!dialler.may()) {
        await this.#tell(() => leads.refuse(uuid, 'NOT_SENT', 0))
        return 'not-sent'
      }
      way.rings = true
      events.tell('lead.attempted', { uuid, campaign: campaign.name, lead, number: phone })
      const ringForMs = campaign.ringForMs + POST_DIAL_MS
      const result = await originate(at, {
        uuid,
        ...target,
        ringForMs,
        onProgress: tell,
        signal: this.#stopping.signal,
        clock,
        log,
      })
      const { outcome, cause } = result
      way.rings = false
      await news
      if (outcome === 'answered') {
        if (await this.#tell(() => leads.answered(uuid))) after.settleWhenOver()
        return 'answered'
      }
      // the outcome is unknown: when the flow has recorded the answer, the flow settles the attempt
      if (outcome === 'lost' && (await this.#tell(() => leads.wasAnswered(uuid)))) {
        after.settleWhenOver(cause)
        return 'answered'
      }
      if (routes?.passesOn(at, campaign, route, result)) {
        events.tell('lead.refused', { uuid, campaign: campaign.name, lead, cause })
        await this.#tell(() => leads.refuse(uuid, cause, null))
        return 'passed-on'
      }
      if (outcome === 'refused') {
        events.tell('lead.refused', { uuid, campaign: campaign.name, lead, cause })
        if (!(routes && gatewayRefusal(outcome, cause, false))) dialler.refused?.() // else the gateway rests
        await this.#tell(() => leads.refuse(uuid, cause, REFUSED_MS))
        return 'refused'
      }
      if (outcome === 'lost') {
        await this.#tell(() => leads.presume(uuid, cause))
        return 'lost'
      }
      const end = dialEnd(outcome)
      await this.#tell(() => leads.settle(uuid, end, { cause }))
      return end
    } finally {
      after.unlessAnswered()
    }
  }

  async #route(at: Switch, campaign: Campaign, claimed: Claimed): Promise<Route | null> {
    const { routes, gateway, callerId } = this.#options
    if (routes) return routes.route(at, campaign, claimed, claimMs(campaign) + LINE_GRACE_MS)
    return { gateway: campaign.gateway ?? gateway, callerId: campaign.callerId ?? callerId ?? null, others: [] }
  }

  #tell<T>(act: () => Promise<T>): Promise<T> {
    return retry(act, { clock: this.#options.clock, policy: RETRY.attemptSettled })
  }

  /**
   * Settles an answered call that ends without its flow: the flow never began (the lead hung up at once), or its node
   * died.
   */
  #watch(at: Switch, uuid: Uuid) {
    const { leads, clock, log } = this.#options
    let answered = false
    let cause: string | null = null
    let grace: Timer | null = null
    const wait = () => {
      grace ??= clock.after(FLOW_GRACE_MS, () => {
        forget[Symbol.dispose]()
        this.#tell(() => leads.presume(uuid, cause)).catch((error: Error) => notSettled(log, { uuid }, error))
      })
    }
    const over = (why: string) => {
      cause = why
      if (answered) wait()
    }
    const heard = (event: SwitchEvent) =>
      event.name === 'CHANNEL_HANGUP' && over(event.get('Hangup-Cause') ?? 'NORMAL_CLEARING')
    const listening = at.watch(uuid, heard, end => over(end.cause))
    const forget = {
      [Symbol.dispose]: () => {
        listening[Symbol.dispose]()
        grace?.cancel()
        this.#answered.delete(uuid)
      },
    }
    this.#answered.set(uuid, forget)
    return {
      /** `ended`: the cause, when the call seems to be over already. */
      settleWhenOver: (ended: string | null = null) => {
        answered = true
        cause ??= ended
        if (cause !== null) wait()
      },
      unlessAnswered: () => {
        if (!answered) forget[Symbol.dispose]()
      },
    }
  }
}
