/** The reservation of an agent for one caller, as a flow holds it. The agent is released when the scope ends. */
import type { Agent, Outcome } from '../agent/agent.ts'
import { warnOnceUnreachable } from '../agent/rest.ts'
import { talking, type Offer } from './member.ts'
import type { PlaceContext, PlaceOfCall } from './place-context.ts'

export interface AgentReservation extends AsyncDisposable {
  readonly name: string
  /** Dial string, such as user/1001. */
  readonly endpoint: string
  readonly ringForMs: number
  /** The nailed-up leg, null without one. The flow joins it and dials nothing. */
  readonly leg: string | null
  readonly epoch: number
  /** The phone is about to ring. False: the reservation is over and the agent may have another caller; do not dial. */
  ringing(): Promise<boolean>
  /** Caller and agent talk. False: as for `ringing`. */
  talking(): Promise<boolean>
  /**
   * Ends the reservation. After a talk the agent's wrap-up begins; otherwise the outcome sets the rest, and the caller
   * keeps waiting. Without this call the scope's end counts as 'talked' after a talk, as 'caller-left' when nothing
   * rang or the caller is gone, else as 'no-answer'.
   */
  finished(outcome: Outcome): Promise<void>
}

export class QueueAgentReservation implements AgentReservation {
  readonly name: string
  readonly endpoint: string
  readonly ringForMs: number
  readonly leg: string | null
  readonly epoch: number
  readonly #context: PlaceContext
  readonly #place: PlaceOfCall
  #reached: 'reserved' | 'ringing' | 'talking'
  #over = false

  /** `agent`: the roster's record under this epoch. After a takeover the agent may be ringing or talking already. */
  constructor(context: PlaceContext, place: PlaceOfCall, agent: Agent, epoch: number) {
    this.#context = context
    this.#place = place
    this.name = agent.name
    this.endpoint = agent.endpoint
    this.ringForMs = agent.ringForMs
    this.leg = agent.nailed?.leg ?? null
    this.epoch = epoch
    this.#reached = agent.state === 'ringing' || agent.state === 'talking' ? agent.state : 'reserved'
  }

  ringing(): Promise<boolean> {
    return this.#forCaller('marking an agent as ringing failed', () => this.#advance('ringing'))
  }

  /** Writes the agent first: the agent's record decides whether the reservation still holds. */
  talking(): Promise<boolean> {
    return this.#forCaller('writing the start of a talk failed', async () => {
      if (!(await this.#advance('talking'))) return false
      const { clock } = this.#context
      await this.#context.rewrite(this.#place.queue, this.#place.call.uuid, known =>
        talking(known, this.#offer, clock.now()),
      )
      return true
    })
  }

  /**
   * Writes the caller first: another agent may be assigned at once. If this node dies in between, the agent's
   * reservation expires.
   */
  async finished(outcome: Outcome): Promise<void> {
    if (this.#over || this.#place.isMoved) return
    this.#over = true
    this.#place.givesBack(this.#offer)
    const { roster, clock, requests, log } = this.#context
    await requests.inBackground('releasing an agent failed', async () => {
      if (this.#place.isMoved) return // moved since the first attempt: the next owner has the agent
      if (this.#reached !== 'talking') await this.#place.waitsOn(this.#offer)
      const released = await roster.release(this.name, this.epoch, outcome, clock.now())
      if (released && outcome === 'unreachable') warnOnceUnreachable(log, released)
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#reached === 'talking') return this.finished('talked')
    return this.finished(this.#reached === 'ringing' && !this.#place.call.signal.aborted ? 'no-answer' : 'caller-left')
  }

  async #advance(to: 'ringing' | 'talking'): Promise<boolean> {
    if (this.#over || this.#place.isMoved) return false
    const { roster, clock } = this.#context
    if (!(await roster.advance(this.name, this.epoch, to, clock.now()))) return false
    if (this.#reached !== 'talking') this.#reached = to
    return true
  }

  get #offer(): Offer {
    return { agent: this.name, epoch: this.epoch }
  }

  #forCaller(what: string, work: () => Promise<boolean>): Promise<boolean> {
    return this.#context.requests.forCaller(what, this.#place.call.signal, work)
  }
}
