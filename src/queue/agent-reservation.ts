/**
 * The reservation of one agent for one caller, from the matcher to the hand of the flow's author. A place makes it
 * (place.ts), `dial` and `join` move it on (call/verbs/dial.ts, DialReservation), the end of its scope releases the
 * agent. A campaign reserves an agent in the agent's record only (campaign/reservations.ts): when the lead answers and
 * its flow asks for an agent, the matcher turns that into this.
 *
 * Its states are those of the agent's record: reserved, ringing, talking. It is over when it was released or when its
 * epoch no longer holds; then nothing that is asked of it has an effect.
 *
 * In a replay the flow gets it from the journal (`saved`), without a place: nothing is written. At the end of the
 * replay the place resumes it (`Place.resume`), unless it is over by then.
 */
import type { Agent, Outcome } from '../agent/agent.ts'
import { warnOnceUnreachable } from '../agent/rest.ts'
import { agentSetting } from '../agent/settings.ts'
import type { DialReservation } from '../call/dial-reservation.ts'
import { talking, type Offer } from './member.ts'
import type { PlaceOfCall, WaitingCall } from './place-context.ts'
import { settingOf } from './settings.ts'

/** The part of a reservation that the journal keeps. */
export interface SavedReservation {
  /** The agent's name. */
  readonly name: string
  /** Dial string, such as user/1001. */
  readonly endpoint: string
  readonly ringForMs: number
  /** The uuid of the leg on which the agent is already, null without one. The flow joins it and dials nothing. */
  readonly leg: string | null
  /** The flow to which that leg returns after the talk: the agent has dialled in. Absent: FreeSWITCH parks it. */
  readonly flow?: string
  readonly epoch: number
  /** Absent: the telephone is not told to answer by itself. */
  readonly autoAnswer?: true
  readonly alertInfo?: string
  /** The number of the agent that callers hear; absent: none. */
  readonly jobNumber?: string
  /** Absent: by pressing a key. */
  readonly accept?: 'none'
  /** Absent: the agent hears the topic of the call. */
  readonly whisper?: false
  /** The strategy of the queue may offer more agents while this one rings. */
  readonly addsAgents?: true
}

/** Only what differs from the default, so that a journal is short. */
function savedOf(place: PlaceOfCall, agent: Agent, epoch: number): SavedReservation {
  const { name, endpoint, ringForMs, nailed, dialledIn } = agent
  const queue = place.context.settingsOf(place.queue) ?? {}
  const alertInfo = agentSetting(agent, 'alertInfo')
  const jobNumber = agentSetting(agent, 'announceJobNumber') ? agentSetting(agent, 'jobNumber') : ''
  return {
    ...{ name, endpoint, ringForMs, leg: dialledIn?.leg ?? nailed?.leg ?? null, epoch },
    ...(dialledIn && { flow: dialledIn.flow }),
    ...(agentSetting(agent, 'autoAnswer') && { autoAnswer: true }),
    ...(alertInfo !== '' && { alertInfo }),
    ...(jobNumber !== '' && { jobNumber }),
    ...(!mustAccept(settingOf(queue, 'accept'), agent) && { accept: 'none' }),
    ...(!settingOf(queue, 'whisper') && { whisper: false }),
    ...(place.context.addsAgents(place.queue) && { addsAgents: true }),
  }
}

/** A nailed-up agent is at the telephone: no machine answers for them. */
const mustAccept = (accept: 'key' | 'key-always' | 'none', { nailed, dialledIn }: Agent): boolean =>
  accept === 'key-always' || (accept === 'key' && (nailed === null || dialledIn !== undefined))

export class AgentReservation implements DialReservation, AsyncDisposable {
  readonly saved: SavedReservation
  readonly #call: WaitingCall
  /** Null during a replay; stays null when the reservation was over before the replay was through. */
  #place: PlaceOfCall | null = null
  #reached: 'reserved' | 'ringing' | 'talking' = 'reserved'
  /** The roster's record, as this reservation has seen it last. */
  #agent: Agent | null = null
  #over = false
  #scopeEnded = false
  #others: readonly AgentReservation[] = []
  #next: ((over: AbortSignal) => Promise<AgentReservation | null>) | null = null

  constructor(call: WaitingCall, saved: SavedReservation) {
    this.#call = call
    this.saved = saved
  }

  /** `agent`: the roster's record under this epoch. */
  static at(place: PlaceOfCall, agent: Agent, epoch: number): AgentReservation {
    const reservation = new AgentReservation(place.call, savedOf(place, agent, epoch))
    reservation.resumed(place, agent)
    return reservation
  }

  /** The telephones of these agents ring at the same time, and the first of all who takes the call has it. */
  ringsWith(others: readonly AgentReservation[]): void {
    this.#others = others
  }

  get others(): readonly AgentReservation[] {
    return this.#others
  }

  /** `next` waits for one more agent whom the strategy offers while this one rings. */
  growsBy(next: (over: AbortSignal) => Promise<AgentReservation | null>): void {
    this.#next = next
  }

  /** Resolves with one more agent whom the strategy offers; with null once `over` aborts, or when it adds none. */
  async another(over: AbortSignal): Promise<AgentReservation | null> {
    return this.#next?.(over) ?? null
  }

  /** It holds, and `place` has it. After a takeover the agent may be ringing or talking already. */
  resumed(place: PlaceOfCall, agent: Agent): void {
    const { state } = agent
    this.#place = place
    this.#agent = agent
    this.#reached = state === 'ringing' || state === 'talking' ? state : 'reserved'
  }

  get name(): string {
    return this.saved.name
  }

  get endpoint(): string {
    return this.saved.endpoint
  }

  get nailedLeg(): string | null {
    return this.saved.leg
  }

  get legReturnsTo(): string | null {
    return this.saved.flow ?? null
  }

  get ringForMs(): number {
    return this.saved.ringForMs
  }

  get autoAnswer(): boolean {
    return this.saved.autoAnswer ?? false
  }

  get alertInfo(): string {
    return this.saved.alertInfo ?? ''
  }

  get jobNumber(): string | null {
    return this.saved.jobNumber ?? null
  }

  get accept(): 'key' | 'none' {
    return this.saved.accept ?? 'key'
  }

  get whisper(): boolean {
    return this.saved.whisper ?? true
  }

  /** The flow has left its scope. */
  get scopeEnded(): boolean {
    return this.#scopeEnded
  }

  untilAway(): Disposable & { readonly signal: AbortSignal } {
    return this.#place!.context.agents.untilAway(this.name, this.saved.epoch)
  }

  /** The phone is about to ring. False: the reservation is over and the agent may have another caller; do not dial. */
  ringing(): Promise<boolean> {
    return this.#forCaller('marking an agent as ringing failed', place => this.#advance(place, 'ringing'))
  }

  /**
   * Caller and agent talk. False: as for `ringing`. Writes the agent first: the agent's record decides whether the
   * reservation still holds.
   */
  talking(): Promise<boolean> {
    return this.#forCaller('writing the start of a talk failed', async place => {
      if (!(await this.#advance(place, 'talking'))) return false
      const { clock } = place.context
      await place.context.rewrite(place.queue, this.#call.uuid, known => talking(known, this.offer, clock.now()))
      place.releasesOthers(this.offer)
      return true
    })
  }

  /**
   * Ends the reservation. After a talk the agent's wrap-up begins; otherwise the outcome sets the rest, and the caller
   * keeps waiting. Without this call the scope's end counts as 'talked' after a talk, as 'caller-left' when nothing
   * rang or the caller is gone, else as 'no-answer'. Writes the caller first: another agent may be assigned at once. If
   * this node dies in between, the agent's reservation expires.
   */
  async finished(outcome: Outcome): Promise<void> {
    const place = this.#place
    if (!place || this.#over || place.isMoved) return
    this.#over = true
    place.givesBack(this.offer)
    const { roster, clock, requests, log } = place.context
    await requests.inBackground('releasing an agent failed', async () => {
      if (place.isMoved) return // moved since the first attempt: the next owner has the agent
      if (this.#reached !== 'talking') await place.waitsOn(this.offer)
      const released = await roster.release(this.name, this.saved.epoch, outcome, clock.now())
      if (released && outcome === 'unreachable') warnOnceUnreachable(log, released)
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    const all = [this, ...this.#others]
    const end = () => Promise.all(all.map(one => one.#end()))
    return this.#call.endScope(
      ['agent', this.name],
      async () => void (await end()),
      () => all.forEach(one => (one.#scopeEnded = true)),
    )
  }

  get offer(): Offer {
    return { agent: this.name, epoch: this.saved.epoch }
  }

  async #end(): Promise<void> {
    this.#scopeEnded = true
    if (this.#reached === 'talking') return this.finished('talked')
    await this.finished(this.#reached === 'ringing' && !this.#call.signal.aborted ? 'no-answer' : 'caller-left')
  }

  async #advance(place: PlaceOfCall, to: 'ringing' | 'talking'): Promise<boolean> {
    if (this.#over || place.isMoved) return false
    const { roster, clock } = place.context
    const agent = await roster.advance(this.name, this.saved.epoch, to, clock.now(), this.#agent)
    if (!agent) return false
    this.#agent = agent
    if (this.#reached !== 'talking') this.#reached = to
    return true
  }

  async #forCaller(what: string, work: (place: PlaceOfCall) => Promise<boolean>): Promise<boolean> {
    const place = this.#place
    return place !== null && place.context.requests.forCaller(what, this.#call.signal, () => work(place))
  }
}
