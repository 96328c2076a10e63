/**
 * Calls one lead, once. The row was committed before anything is said to the switch; its id is the uuid of the leg. Whoever answers
 * is the flow's from then on: the leg enters the house by the door, on whichever node, and the flow settles the attempt. Everything
 * else is settled here.
 */
import { setMaxListeners } from 'node:events'
import { within, type Clock, type Timer } from '../base/clock.ts'
import { InputError } from '../base/errors.ts'
import { insist } from '../base/insist.ts'
import type { Log } from '../base/log.ts'
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
import type { Claimed } from '../store/leads.ts'
import type { Campaign } from './campaign.ts'
import { dialEnd, type AttemptEnd } from './disposition.ts'
import type { Leads } from './leads.ts'

/** The time to ring is the phone's, not the network's: a call may take 5 s to its first ring (long distance, ITU-T E.721). */
const POST_DIAL_MS = 5_000
/** call/originate asks the switch 10 s after the last moment; then somebody else may. */
const SILENT_MS = 25_000
/** A flow whose call has ended has so long to say how; after that it is dead, or never began. */
const FLOW_GRACE_MS = 30_000
/** A lead whom the switch refused to dial goes behind the others for so long: one number must not hold up a campaign. */
const REFUSED_MS = 10_000
/** What came of an attempt is told a database that is away for so long; then its claim runs out, and it is looked into. */
const TELL = { everyMs: 1_000, forMs: 60_000 }
/** How long a stop waits for what is under way. */
const LET_GO_MS = 2_000

/**
 * What becomes of the telephones that ring when this node stops. They are let go, and their leads are called another time; or they ring
 * on, because there is a node that takes whoever answers, and that looks into the others when their claims run out.
 */
export type Ringing = 'let-go' | 'ring-on'

export interface AttemptsOptions {
  leads: Leads
  clock: Clock
  log: Log
  /** The house's own number and gateway, for campaigns that name none. */
  callerId?: string | undefined
  gateway: string
}

export interface Placing {
  /** Asked in the turn in which the switch is told: false, and nothing is sent. */
  may(): boolean
  /** The switch itself would not dial. Called before the agent and the line of this attempt are free: who waits for them may dial at once. */
  refused?(): void
}

export type Placed = AttemptEnd | 'answered' | 'refused' | 'not-sent'

/** How long a lead stays claimed by a dialer that is never heard of again. */
export const claimMs = (campaign: Pick<Campaign, 'ringForMs'>): number => campaign.ringForMs + POST_DIAL_MS + SILENT_MS

/** An attempt on its way; it `rings` from the moment in which the switch is told until it is known how it ended. */
interface Way {
  rings: boolean
}

export class Attempts {
  readonly #options: AttemptsOptions
  readonly #ways = new Map<string, Way>()
  readonly #placing = new Map<Way, Promise<void>>()
  readonly #stopping = new AbortController()
  readonly #answered = new Map<string, Disposable>()

  constructor(options: AttemptsOptions) {
    this.#options = options
    setMaxListeners(0, this.#stopping.signal) // one for each telephone that rings, and they are no leak
  }

  /** Attempts whose outcome this process is waiting for. */
  drives(attempt: string): boolean {
    return this.#ways.has(attempt)
  }

  /** It may still be answered: the switch was told, and it is not known how it ended. */
  rings(attempt: string): boolean {
    return this.#ways.get(attempt)?.rings ?? false
  }

  /**
   * Dials, unless `may` says no: then nothing is sent and the lead is ready again. Resolves when the attempt is settled, or answered.
   * Rejects when PostgreSQL is away for a minute; the claim runs out then and the attempt is looked into.
   */
  place(at: Switch, campaign: Campaign, claimed: Claimed, dialler: Placing): Promise<Placed> {
    const way: Way = { rings: false }
    const placing = this.#place(at, campaign, claimed, dialler, way)
    const through = placing
      .then(
        () => {},
        () => {},
      )
      .finally(() => this.#placing.delete(way)) // the caller is told of a failure
    this.#placing.set(way, through)
    return placing
  }

  async #place(
    at: Switch,
    campaign: Campaign,
    { attempt, phone }: Claimed,
    dialler: Placing,
    way: Way,
  ): Promise<Placed> {
    const { leads } = this.#options
    this.#ways.set(attempt, way)
    try {
      return await this.#dial(at, campaign, parseUuid(attempt), phone, dialler, way)
    } catch (error) {
      if (!(error instanceof InputError)) throw error // a number or a name that FreeSWITCH may not be given
      this.#options.log.warn(
        { uuid: attempt, campaign: campaign.name, error: error.message },
        'a lead cannot be dialled',
      )
      await this.#tell(() => leads.settle(attempt, 'invalid', { cause: 'INVALID_NUMBER_FORMAT' }))
      return 'invalid'
    } finally {
      this.#ways.delete(attempt)
    }
  }

  /** As `close`, without waiting: telephones that are let go fall silent from now on. */
  stop(ringing: Ringing): void {
    if (ringing === 'let-go') this.#stopping.abort()
  }

  /**
   * Nothing is dialled any more (the dialers have stopped). Waits until what is under way has been written down, at most 2 s, and forgets
   * the calls that were answered: whether they are there is asked for when their claims run out.
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

  /** How many telephones ring. */
  get ringing(): number {
    return [...this.#placing.keys()].filter(way => way.rings).length
  }

  async #dial(at: Switch, campaign: Campaign, uuid: Uuid, phone: string, dialler: Placing, way: Way): Promise<Placed> {
    const { leads, clock, log, callerId, gateway } = this.#options
    const shown = campaign.callerId ?? callerId
    const target = {
      endpoint: endpoint(`sofia/gateway/${ident(campaign.gateway ?? gateway)}/${dial(phone)}`),
      flow: ident(campaign.flow),
      callerId: shown === undefined ? undefined : (dial(shown) satisfies Dial),
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
          log.warn({ uuid, stage, error: error.message }, 'the progress of an attempt was not written down'),
        )
    }
    try {
      // the last look and the command are in one turn: nothing is dialled after a stop, or with a lease that has run out
      if (!dialler.may()) {
        await this.#tell(() => leads.refuse(uuid, 'NOT_SENT', 0))
        return 'not-sent'
      }
      way.rings = true
      const ringForMs = campaign.ringForMs + POST_DIAL_MS
      const { outcome, cause } = await originate(at, {
        uuid,
        ...target,
        ringForMs,
        onProgress: tell,
        signal: this.#stopping.signal,
        clock,
        log,
      })
      way.rings = false
      await news
      if (outcome === 'answered') {
        if (await this.#tell(() => leads.answered(uuid))) after.settleWhenOver()
        return 'answered'
      }
      // nobody heard how it ended: when its flow has written down that it was answered, the flow says how it was
      if (outcome === 'lost' && (await this.#tell(() => leads.wasAnswered(uuid)))) {
        after.settleWhenOver(cause)
        return 'answered'
      }
      log.info({ uuid, campaign: campaign.name, outcome, cause }, 'a lead was not reached')
      if (outcome === 'refused') {
        dialler.refused?.()
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

  #tell<T>(act: () => Promise<T>): Promise<T> {
    return insist(this.#options.clock, act, TELL)
  }

  /** A call that was answered and ends before its flow says how: it never came to one (they hung up at once), or its node died. */
  #watch(at: Switch, uuid: Uuid) {
    const { leads, clock, log } = this.#options
    let answered = false
    let cause: string | null = null
    let grace: Timer | null = null
    const wait = () => {
      grace ??= clock.after(FLOW_GRACE_MS, () => {
        forget[Symbol.dispose]()
        this.#tell(() => leads.presume(uuid, cause)).catch((error: Error) =>
          log.warn({ uuid, error: error.message }, 'an attempt was not settled'),
        )
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
      /** `ended`: it is over already, as far as anybody knows. */
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
