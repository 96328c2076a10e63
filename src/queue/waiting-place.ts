/** A caller's place in a queue, on the node that drives the call (place.ts). */
import { CallMoved } from '../base/errors.ts'
import { ms, type Duration } from '../base/duration.ts'
import type { Agent, Outcome } from '../agent/agent.ts'
import type { Dial } from '../esl/safe-text.ts'
import { asks, isOffered, offersOf, waitsOn, type Member, type Offer } from './member.ts'
import type { PlaceContext, WaitingCall } from './place-context.ts'
import { AgentReservation } from './agent-reservation.ts'
import { knownNumber, type Returning } from './left-place.ts'
import type { Reason } from './overflow.ts'
import type { Leaving } from './queue-table.ts'
import { dependsOnStaff, nextLeave, waitingSetting, type Leave } from './waiting-rules.ts'
import type { WaitingGiven } from './waiting-settings.ts'
import { HOLD_MS, type Leaves, type Place, type Waiting } from './place.ts'

/** Offers that were handed out or given back, and that the store may still show: the last ones are enough. */
const MOST_GIVEN_BACK = 100
const NOTHING_IGNORED: ReadonlySet<Reason> = new Set()

/** The reason with which `called` aborts. abort() would create an equal error each time; this one is created once. */
const CALLED = new DOMException('an agent is reserved for this caller', 'AbortError')

export class WaitingPlace implements Place {
  readonly context: PlaceContext
  readonly call: WaitingCall
  readonly #waiters = new Set<() => void>()
  readonly #onAbort = () => void this.#ended()
  #member: Member
  #position = 1
  #called = new AbortController()
  #over: 'left' | 'moved' | null = null
  #leaving: Promise<void> | null = null
  readonly #givenBack: Offer[] = []
  /** Null: no rule sends this caller away (a lead). */
  readonly #given: WaitingGiven | null
  #leaves: Leaves | null = null
  #pressed: string | null = null
  /** The offers of the agents whom the flow has, or has had. */
  readonly #handedOut: Offer[] = []
  /** The last record in which agents were offered, once the caller talks. */
  #offersBefore: Pick<Member, 'offer' | 'others'> = { offer: null }

  constructor(context: PlaceContext, call: WaitingCall, member: Member, given: WaitingGiven | null = null) {
    this.#given = given
    this.context = context
    this.call = call
    this.#member = member
    if (member.state !== 'waiting') this.#called.abort(CALLED)
    call.signal.addEventListener('abort', this.#onAbort, { once: true })
    if (call.signal.aborted) this.#ended()
  }

  get queue(): string {
    return this.#member.queue
  }

  get member(): Member {
    return this.#member
  }

  get position(): number {
    if (!this.#over) this.#position = this.context.position(this.queue, this.call.uuid)
    return this.#position
  }

  get joinedAt(): number {
    return this.#member.joinedAt
  }

  get headStartMs(): number {
    return this.#member.headStartMs
  }

  get priority(): number | undefined {
    return this.#member.priority
  }

  get leaves(): Leaves | null {
    return this.#leaves
  }

  get settings(): WaitingGiven {
    return { ...this.context.facts.settings(this.queue), ...this.#given }
  }

  get estimate(): number | null {
    return this.context.facts.estimate(this.queue, this.call.uuid)
  }

  async resume(reservation: AgentReservation): Promise<void> {
    const { offer } = reservation
    if (this.#over || reservation.scopeEnded || !isOffered(this.#member, offer)) return
    const hold = () => this.#hold(offer)
    const agent = await this.context.requests.forCaller('prolonging a reservation failed', this.call.signal, hold)
    if (agent && !this.#over) reservation.resumed(this, agent)
  }

  get waited(): number {
    return this.context.clock.now() - this.#member.joinedAt
  }

  hasWaited(duration: Duration): boolean {
    return this.waited >= ms(duration)
  }

  get called(): AbortSignal {
    return this.#called.signal
  }

  async agent({ within, ignored = NOTHING_IGNORED }: Waiting): Promise<AgentReservation | null> {
    const { clock, requests } = this.context
    const end = within === undefined ? Infinity : clock.monotonic() + ms(within)
    this.#leaves = null
    this.#pressed = null
    using _staff = this.#watchStaff()
    for (;;) {
      this.#stillOurs()
      if (this.#over) return null
      const member = this.#member
      const offers = offersOf(member)
      const late = { within: end - clock.monotonic(), late: null }
      const ask = () => (offers.length > 0 ? this.#take(offers) : this.#ask())
      const agent = await requests.forCaller('asking for an agent failed', this.call.signal, ask, late)
      if (agent) return agent
      if (this.#member !== member || this.#over) continue
      const leave = this.#nextLeave(ignored)
      if (leave && leave.at <= clock.now()) {
        this.#leaves = leave
        return null
      }
      const until = Math.min(end, leave ? clock.monotonic() + leave.at - clock.now() : Infinity)
      if (!(await this.#changes(until - clock.monotonic())) && until === end) return null
    }
  }

  async learnTalkTime(): Promise<void> {
    const { facts, requests } = this.context
    const learn = () => facts.learnTalkTime(this.queue)
    await requests.forCaller('reading talk times failed', this.call.signal, learn, { within: 1_000, late: undefined })
  }

  get state(): Member['state'] {
    return this.#member.state
  }

  press(key: string): void {
    if (!waitingSetting(this.settings, 'exitKeys').includes(key)) return
    this.#pressed = key
    this.#wake()
  }

  async waits(): Promise<boolean> {
    while (!this.#over && this.#member.state !== 'waiting') await this.#changes(Infinity)
    return !this.#over
  }

  /** The settings of the queue have changed. */
  settingsChanged(): void {
    this.#wake()
  }

  #nextLeave(ignored: ReadonlySet<Reason>): (Leaves & Leave) | null {
    if (!this.#given) return null
    const now = this.context.clock.now()
    if (this.#pressed !== null) return { why: 'exit-key', key: this.#pressed, at: now }
    const facts = { joinedAt: this.joinedAt, staffing: this.context.facts.staffing(this.queue), now }
    return nextLeave(this.settings, facts, ignored)
  }

  /** Wakes the wait when agents come or go, if that decides how long the caller waits. */
  #watchStaff(): Disposable | null {
    if (!this.#given || !dependsOnStaff(this.settings)) return null
    return this.context.facts.watchStaff(this.queue, () => this.#wake())
  }

  async keepForCallback(number: Dial): Promise<void> {
    this.#stillOurs()
    const { store, clock, requests } = this.context
    const { joinedAt, headStartMs } = this.#member
    const request = { queue: this.queue, call: this.call.uuid, number, joinedAt, headStartMs }
    const keep = () => store.keepForCallback(request, clock.now())
    await requests.forCaller('storing a callback failed', this.call.signal, keep)
    await this.#leave('callback')
    this.context.callbackRequested()
  }

  leave(outcome: Outcome): Promise<void> {
    return this.#over === 'moved'
      ? Promise.resolve()
      : this.#leave(this.#member.answeredAt === null ? 'left' : 'talked', outcome)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave('caller-left')
  }

  /** Takes the store's current record of this caller; null: the store has none. */
  take(member: Member | null): void {
    if (this.#over) return
    if (!member) return this.context.lost(this)
    if (member.rev === this.#member.rev) return
    if (member.node !== this.context.node) return member.rev > this.#member.rev ? this.moved() : this.context.lost(this)
    const { queue } = this.#member
    if (member.state === 'talking' && this.#member.state === 'offered') this.#offersBefore = this.#member
    this.#member = member
    if (member.queue !== queue) this.call.movedTo(member.queue, queue)
    if (member.state === 'offered') this.#called.abort(CALLED)
    else if (member.state === 'waiting' && this.#called.signal.aborted) this.#called = new AbortController()
    this.#wake()
  }

  /** Another node, or another Place of this node, holds the place now: this one no longer changes anything of it. */
  moved(): void {
    if (!this.#over) this.#close('moved')
  }

  get isMoved(): boolean {
    return this.#over === 'moved'
  }

  /**
   * The agent of this offer is being released, even when the store does not show it yet: `agent()` does not return the
   * agent again.
   */
  givesBack(offer: Offer): void {
    this.#givenBack.push(offer)
    if (this.#givenBack.length > MOST_GIVEN_BACK) this.#givenBack.shift()
    if (this.#handedOut.length > MOST_GIVEN_BACK) this.#handedOut.shift()
  }

  /** The offer ended without a talk. The caller keeps waiting, with place and time. */
  async waitsOn(offer: Offer): Promise<void> {
    if (!this.#over) await this.#rewrite(member => waitsOn(member, offer, 0, this.context.clock.now()))
  }

  /** The first agent of these offers whose reservation holds, with the others whose reservations hold too. */
  async #take(offers: readonly Offer[]): Promise<AgentReservation | null> {
    const held: AgentReservation[] = []
    for (const offer of offers) {
      const isBack = this.#givenBack.some(given => isOffered({ offer }, given))
      const agent = isBack ? null : await this.#hold(offer)
      this.#stillOurs()
      if (this.#over) return null
      if (agent) {
        this.#handedOut.push(offer)
        held.push(AgentReservation.at(this, agent, offer.epoch))
      } else await this.waitsOn(offer)
    }
    const [first, ...others] = held
    first?.ringsWith(others)
    return first ?? null
  }

  async another(known: readonly Offer[], over: AbortSignal): Promise<AgentReservation | null> {
    for (;;) {
      this.#stillOurs()
      if (this.#over || over.aborted) return null
      const member = this.#member
      const isKnown = (offer: Offer) => [...known, ...this.#givenBack].some(one => isOffered({ offer }, one))
      const offers = offersOf(member).filter(offer => !isKnown(offer))
      const ask = () => this.#take(offers.slice(0, 1))
      const more = await this.context.requests.forCaller('asking for an agent failed', this.call.signal, ask)
      if (more) return more
      if (this.#member === member && !this.#over) await this.#changes(Infinity, over)
    }
  }

  releasesOthers(offer: Offer): void {
    const others = offersOf(this.#offersBefore).filter(
      other => ![offer, ...this.#handedOut].some(one => isOffered({ offer: other }, one)),
    )
    if (others.length === 0) return
    const { roster, clock, requests } = this.context
    void requests.inBackground('releasing an agent failed', async () => {
      for (const { agent, epoch } of others) await roster.release(agent, epoch, 'caller-left', clock.now())
    })
  }

  #hold({ agent, epoch }: Offer): Promise<Agent | null> {
    const { roster, clock, agents } = this.context
    return roster.hold(agent, epoch, clock.now(), HOLD_MS, agents.find(agent))
  }

  /** No agent is reserved yet. A caller who was put aside is no longer. */
  async #ask(): Promise<null> {
    const now = this.context.clock.now()
    if (this.#member.passedUntil > now) await this.#rewrite(member => asks(member, now))
    return null
  }

  #stillOurs(): void {
    this.call.signal.throwIfAborted()
    if (this.#over === 'moved') throw new CallMoved('another node or flow holds its place in the queue')
  }

  #rewrite(decide: (member: Member) => Member | null): Promise<void> {
    return this.context.rewrite(this.queue, this.call.uuid, decide)
  }

  /**
   * True at the next change of this caller's record, false after `withinMs` or when `over` aborts; rejects when the
   * call ends.
   */
  #changes(withinMs: number, over?: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (withinMs <= 0 || over?.aborted) return resolve(false)
      const settle = (changed: boolean) => {
        timer?.cancel()
        over?.removeEventListener('abort', ends)
        this.#waiters.delete(wake)
        if (this.call.signal.aborted) reject(this.call.signal.reason)
        else resolve(changed)
      }
      const wake = () => settle(true)
      const ends = () => settle(false)
      const timer = withinMs === Infinity ? null : this.context.clock.after(withinMs, ends)
      over?.addEventListener('abort', ends, { once: true })
      this.#waiters.add(wake)
    })
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake()
  }

  #ended(): void {
    if (this.call.signal.reason instanceof CallMoved) this.moved()
    else void this.#leave('abandoned')
  }

  #close(how: 'left' | 'moved'): void {
    this.#over = how
    this.call.signal.removeEventListener('abort', this.#onAbort)
    this.context.over(this)
    this.#wake()
  }

  /** Deletes the caller's record first: if this node dies in between, the agent's reservation expires by itself. */
  #leave(how: Leaving, outcome: Outcome = 'caller-left'): Promise<void> {
    if (this.#leaving) return this.#leaving
    const { store, roster, clock } = this.context
    const { queue, call } = this.#member
    let offers = offersOf(this.#member)
    this.#close('left')
    const returning = how === 'abandoned' ? this.#returning() : null
    this.#leaving = this.context.requests.inBackground('removing a caller from the queue failed', async () => {
      const left = await store.leave(queue, call, how, { now: clock.now(), returning })
      if (left?.offer) offers = offersOf(left)
      for (const { agent, epoch } of offers) await roster.release(agent, epoch, outcome, clock.now())
    })
    return this.#leaving
  }

  /** For whom the place is kept when the caller hangs up. */
  #returning(): Returning | null {
    const forMs = this.#given ? waitingSetting(this.settings, 'resumeWithinMs') : 0
    const number = knownNumber(this.call.from)
    return forMs > 0 && number !== null ? { number, forMs } : null
  }
}
