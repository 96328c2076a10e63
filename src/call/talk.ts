/**
 * The talk of one caller, within the verb join: from the first bridge until the caller is back for good. The caller
 * talks with one partner after the other:
 *
 *   connecting  FreeSWITCH joins the two (connect.ts)
 *   talking     the two talk, and no node drives them
 *   aside       the partner consults with somebody, and the caller waits here and hears music (consult.ts). It ends
 *               when one of the two leaves, or when the partner completes or cancels the transfer: then the caller
 *               talks with the one who is left, or who was chosen
 *
 * A node that takes the call over finds the partner and the one consulted in a variable of the caller's leg, and goes
 * on from there.
 */
import { sleep, within } from '../base/clock.ts'
import { CallEnded, Refusal } from '../base/errors.ts'
import { conferenceEnd, uuidUnset } from '../esl/api.ts'
import { api } from '../esl/command.ts'
import { soundFile, type Ident } from '../esl/safe-text.ts'
import { lastEvent } from '../journal/call-events.ts'
import type { CallContext } from './call-context.ts'
import { comeHome } from './come-home.ts'
import { CONFERRED, membersOf } from './conference.ts'
import { areJoined, connect } from './connect.ts'
import type { Leg } from './leg.ts'
import { ParkedLeg } from './parked-leg.ts'
import type { Playback } from './playback.ts'
import { talkEvents } from './talk-events.ts'
import { TalkPast, type Partner } from './talk-past.ts'

/** 'talked', or 'left': the other leg had ended before the talk began. */
export type TalkEnd = 'talked' | 'left'

/** A leg whose talk has ended arrives at the listener within 90 ms (measured). */
const ARRIVES_MS = 500
/** While a caller is in a conference that the agent has left, FreeSWITCH is asked so often whether it goes on. */
const CONFERENCE_MS = 3_000

export class Talk {
  readonly #leg: Leg
  readonly #playback: Playback
  readonly #context: CallContext
  #phase: 'connecting' | 'talking' | 'aside' | null = null
  readonly #first: Leg
  #partner: Partner
  #consulted: Partner | null = null
  /** With whom the caller talks when the caller is back. */
  #next: Partner | null = null
  #decide: (partner: Partner | null) => void = () => {}
  #talked = false
  #abandoned = false
  #over = new AbortController()
  /** When FreeSWITCH had joined the caller with somebody before it joined them with the next one. */
  #joinedBefore = -Infinity

  constructor(leg: Leg, playback: Playback, context: CallContext, first: Partner) {
    this.#leg = leg
    this.#playback = playback
    this.#context = context
    this.#first = first.leg
    this.#partner = first
  }

  /** Does the caller talk with somebody in this moment? */
  get isOn(): boolean {
    return this.#phase === 'talking' && !this.#next && !this.#consulted
  }

  get partner(): Partner {
    return this.#partner
  }

  /** The agent with whom the caller talks. */
  get agent(): string | undefined {
    const { leg, reservation } = this.#partner
    return reservation?.name ?? lastEvent(this.#leg.steps.journal, leg.uuid)?.agent
  }

  /** Aborts when the talk is over. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** Resolves when the talk is over and the caller is back. Rejects with CallEnded when the caller hung up. */
  async run(): Promise<TalkEnd> {
    const { reservation } = this.#partner
    if (reservation && !(await reservation.talking())) return 'left'
    return this.#goOn(this.#partner)
  }

  /**
   * The connection of the caller was lost, or the process that had this talk has died: goes on from where it is. `at`:
   * when the talk was about to begin, milliseconds since the epoch.
   */
  async recover(at: number): Promise<TalkEnd> {
    if (this.#abandoned) return 'talked'
    if (this.#phase === 'connecting') {
      const next = this.#next ?? this.#partner
      if (await areJoined(this.#leg, next.leg)) return this.#goOn(next, true)
      if (this.#talked) return this.#goOn(this.#whoIsNext())
      await this.#context.release(next.leg)
      await this.#finish(next)
      return 'left'
    }
    if (this.#phase !== null) return this.#goOn(this.#whoIsNext())
    return this.#takeOver(at)
  }

  /** The flow was interrupted, or the call has ended: the caller talks with nobody of this talk any more. */
  async abandon(): Promise<void> {
    this.#abandoned = true
    if (this.#consulted) await this.#letGo(this.#consulted)
    this.#decide(null)
  }

  /** The partner talks with `who`, and the caller comes aside. consult.ts has told FreeSWITCH. */
  comesAside(who: Partner): void {
    this.#consulted = who
    this.#events(this.#partner).consults(true)
  }

  /** The two could not be joined: the caller talks on with the partner. */
  staysOn(): void {
    this.#consulted = null
    this.#events(this.#partner).consults(false)
  }

  /**
   * The consultation is over: the caller talks with the one consulted ('complete'), or with the partner again
   * ('cancel'). Rejects with Refusal WRONG_STATE when there is none.
   */
  endConsultation(how: 'complete' | 'cancel'): void {
    if (this.#phase !== 'aside' || !this.#consulted)
      throw new Refusal('WRONG_STATE', 'nobody is consulted about this call now')
    this.#decide(how === 'complete' ? this.#consulted : this.#partner)
  }

  /** The caller leaves the partner and talks with somebody who is on the line already. */
  async goTo(next: Partner): Promise<void> {
    this.#next = next
    await comeHome(this.#leg, this.#context)
  }

  async #goOn(first: Partner | null | Promise<Partner | null>, joined = false): Promise<TalkEnd> {
    let isJoined = joined
    talks.set(this.#leg, this)
    this.#over = new AbortController()
    try {
      let next = await first
      while (next) {
        const partner: Partner = next
        const there: boolean = await this.#playback.perform(() => this.#talkWith(partner, isJoined))
        isJoined = false
        if (!there) {
          this.#next = null
          await this.#finish(partner)
          if (!this.#talked) return 'left'
        }
        next = await this.#whoIsNext()
      }
      if (this.#leg.conferred) await this.#endConference() // first: a nailed-up agent gets the next call soon
      await this.#finish(this.#partner)
      // else a later talk, taken over before it began, would look like this one
      if (this.#leg.aside) this.#leg.conversation?.post(api(uuidUnset(this.#leg.uuid, 'switchhook_aside' as Ident)))
      return 'talked'
    } catch (error) {
      if (error instanceof CallEnded) await this.#callEnded()
      throw error
    } finally {
      this.#over.abort()
      if (talks.get(this.#leg) === this) talks.delete(this.#leg)
    }
  }

  /** Resolves when the caller is driven again; with false when the two did not come to talk. */
  async #talkWith(partner: Partner, isJoined: boolean): Promise<boolean> {
    const { leg } = partner
    this.#next = partner === this.#partner ? null : partner
    this.#phase = 'connecting'
    if (!isJoined) this.#joinedBefore = this.#leg.times.bridged
    if (!isJoined && !(await connect(this.#leg, this.#context, leg))) return false
    this.#leg.letTalk()
    leg.letTalk()
    this.#phase = 'talking'
    if (leg instanceof ParkedLeg) leg.whispers()
    await this.#changeTo(partner)
    const events = this.#events(partner)
    const { bridged } = this.#leg.times
    events.began({ ...(bridged > this.#joinedBefore && { at: bridged }), isLater: leg !== this.#first })
    void leg.ended.then(async () => {
      if (this.#phase === 'talking') await this.#comesBack() // tells the end of the talk
      if (this.#partner === partner) await this.#finish(partner) // also when the caller returns to another node
    })
    using _holds = events.holds()
    await this.#ends(leg)
    return true
  }

  /** The caller is driven again, here or by another node, or has hung up. */
  async #comesBack(): Promise<void> {
    const { clock } = this.#context
    const bound = this.#leg.next('bound', this.#over.signal).catch(() => {})
    await within(clock, ARRIVES_MS, Promise.race([bound, this.#leg.ended, this.#leg.moved]))
  }

  async #ends(other: Leg): Promise<void> {
    const { clock, log } = this.#context
    const began = clock.monotonic()
    // the caller may return to another node; one who talks with somebody else by then stays here
    void other.ended.then(() => this.#partnerLeft(other))
    try {
      await this.#leg.driven()
    } finally {
      const ms = Math.round(clock.monotonic() - began)
      log.info({ uuid: this.#leg.uuid, with: other.uuid, ms }, 'talk ended')
    }
  }

  /** A caller in a conference talks on without this one. The talk is over when FreeSWITCH brings the caller back. */
  async #partnerLeft(other: Leg): Promise<void> {
    const { home, uuid } = this.#leg
    const isHere = () => this.#partner.leg === other && this.#leg.phase === 'talking'
    while (isHere() && home && (await membersOf(home, uuid).catch(() => [uuid])).includes(uuid))
      await sleep(this.#context.clock, CONFERENCE_MS)
    if (isHere()) this.#leg.expectBack()
  }

  /** The caller has left a conference, or comes from one that is over: nobody stays there without the caller. */
  async #endConference(): Promise<void> {
    await this.#leg.home?.ask(conferenceEnd(this.#leg.uuid)).catch(() => {}) // refused: it is over
  }

  /** The caller talks with this partner now: whoever else was there is not needed any more. */
  async #changeTo(partner: Partner): Promise<void> {
    const [before, consulted] = [this.#partner, this.#consulted]
    this.#partner = partner
    this.#next = null
    this.#consulted = null
    this.#talked = true
    if (before === partner) this.#events(partner).consults(false)
    else if (consulted === partner) this.#events(before).handsOver(this.#leg.times.bridged)
    for (const other of [before, consulted]) if (other && other !== partner) await this.#letGo(other)
  }

  async #letGo(other: Partner): Promise<void> {
    if (other.leg instanceof ParkedLeg) await this.#context.release(other.leg)
    else this.#context.hangUp(other.leg)
    await this.#finish(other)
  }

  async #finish({ leg, reservation }: Partner): Promise<void> {
    this.#events({ leg, reservation }).ended(this.#separatedFrom(leg))
    await reservation?.finished(leg.reason?.hangupCause === 'MEDIA_TIMEOUT' ? 'unreachable' : 'talked')
  }

  /**
   * When the talk with this partner was over: the first sign that FreeSWITCH gave. It separates the caller from a
   * partner who hangs up, at most 20 ms later. -Infinity: unknown.
   */
  #separatedFrom(partner: Leg): number {
    const { bridged, separated, ended } = this.#leg.times
    const signs =
      partner !== this.#partner.leg
        ? [partner.times.ended, bridged] // the caller talks with somebody else now
        : this.#phase === 'aside'
          ? [partner.times.ended, ended]
          : [separated > bridged ? separated : -Infinity, ended]
    const known = signs.filter(at => at > -Infinity)
    return known.length === 0 ? -Infinity : Math.min(...known)
  }

  async #callEnded(): Promise<void> {
    void this.#leg.ended.then(({ facts }) => void (facts?.variable(CONFERRED) === 'true' && this.#endConference()))
    for (const one of [this.#consulted, this.#partner, this.#next]) {
      if (!one) continue
      if (one !== this.#partner) await this.#letGo(one)
      else await this.#finish(one)
    }
  }

  /** The caller is driven again. Null: the talk is over. */
  async #whoIsNext(): Promise<Partner | null> {
    if (this.#abandoned) return null
    if (this.#next) return this.#next
    return this.#consulted ? this.#waitAside(this.#partner, this.#consulted) : null
  }

  /** The caller waits and hears music until it is decided with whom the caller talks. Null: nobody is left. */
  async #waitAside(partner: Partner, consulted: Partner): Promise<Partner | null> {
    this.#phase = 'aside'
    const { holdMusic } = this.#context.settings
    await using _music = holdMusic === undefined ? null : this.#playback.music(soundFile(holdMusic))
    const decided = new Promise<Partner | null>((resolve, reject) => {
      this.#decide = resolve
      void whenLeft(partner.leg).then(() => resolve(isThere(consulted) ? consulted : null))
      void whenLeft(consulted.leg).then(() => resolve(isThere(partner) ? partner : null))
      void whenLeft(this.#leg).then(() => reject(this.#leg.signal.reason as Error))
    })
    const next = await decided
    return next && this.#arrived(next, next === partner ? consulted : partner)
  }

  /** The one who is left comes to the listener when the other one has hung up. */
  async #arrived(next: Partner, other: Partner | null): Promise<Partner> {
    const { leg } = next
    if ((!other || !isThere(other)) && leg.phase === 'talking' && !(leg instanceof ParkedLeg))
      await within(this.#context.clock, ARRIVES_MS, leg.next('bound'))
    return next
  }

  /** Another process had this talk and has died; the caller is driven here. */
  async #takeOver(at: number): Promise<TalkEnd> {
    const { aside, lastTalk } = this.#leg
    const past = new TalkPast(this.#leg, this.#context, this.#partner, at)
    const isAside = aside !== undefined && past.has(aside.partner)
    const present = isAside ? aside.partner : lastTalk?.with
    this.#talked = present !== undefined && past.has(present)
    if (this.#talked) this.#partner = await past.partner(present!)
    if (isAside && aside.consulted !== null) this.#consulted = await past.partner(aside.consulted)
    await past.freeOthers([this.#partner, this.#consulted])
    if (!this.#talked) return this.run()
    if (this.#consulted) return this.#goOn(this.#whoIsNext())
    if (isAside) return this.#goOn(this.#arrived(this.#partner, null))
    this.#events(this.#partner).began({ since: at }) // unless the journal has it
    return this.#goOn(null)
  }

  #events({ leg, reservation }: Partner) {
    return talkEvents(this.#leg, leg, this.#context, reservation?.name)
  }
}

const isThere = ({ leg }: Partner): boolean => leg.phase !== 'ended'

/** Resolves when this person has hung up. */
const whenLeft = ({ signal }: Leg): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** The talks of the callers of this node. */
const talks = new WeakMap<Leg, Talk>()

/** The talk in which a caller is, also while the caller waits aside. */
export const talkOf = (leg: Leg): Talk | null => talks.get(leg) ?? null
