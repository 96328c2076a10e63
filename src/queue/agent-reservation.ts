/** An agent who is promised to one caller, as a flow holds them. Given back when the scope ends. */
import type { Agent, Outcome } from '../agent/agent.ts'
import { warnOnceUnreachable } from '../agent/rest.ts'
import { talking, type Offer } from './member.ts'
import type { WaitingPlace } from './place.ts'
import type { PlaceContext } from './place-context.ts'

export interface AgentReservation extends AsyncDisposable {
  readonly name: string
  /** Dial string, such as user/1001. */
  readonly endpoint: string
  readonly ringForMs: number
  /** The leg of an agent who is nailed up: join it, there is nothing to dial. */
  readonly leg: string | null
  readonly epoch: number
  /** The phone is about to ring. False: the promise has lapsed, the agent may belong to somebody else; do not go on. */
  ringing(): Promise<boolean>
  /** Caller and agent talk. False as above. */
  talking(): Promise<boolean>
  /**
   * What came of it. After a talk the agent has their wrap-up; otherwise they rest as the outcome says, and the caller waits on.
   * Not called: 'talked' after talking, 'caller-left' when nothing rang or the caller is gone, else 'no-answer'.
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
  readonly #place: WaitingPlace
  #reached: 'reserved' | 'ringing' | 'talking'
  #over = false

  /** `agent` as the roster has them under this epoch: a call that was taken over may find them ringing or talking already. */
  constructor(context: PlaceContext, place: WaitingPlace, agent: Agent, epoch: number) {
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
    return this.#insist("an agent's phone could not be let ring", () => this.#advance('ringing'))
  }

  /** The agent first: their record decides whether the promise still holds. */
  talking(): Promise<boolean> {
    return this.#insist('a talk could not be written down', async () => {
      if (!(await this.#advance('talking'))) return false
      const { clock } = this.#context
      await this.#context.rewrite(this.#place.queue, this.#place.call.uuid, known =>
        talking(known, this.#offer, clock.now()),
      )
      return true
    })
  }

  /** The caller first: they may be promised to another agent at once, and should we die in between, the agent comes free by themselves. */
  async finished(outcome: Outcome): Promise<void> {
    if (this.#over || this.#place.isMoved) return
    this.#over = true
    this.#place.givesBack(this.#offer)
    const { roster, clock, retry, log } = this.#context
    await retry.persist('an agent could not be released', async () => {
      if (this.#place.isMoved) return // since the first try: the next owner has the agent
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

  #insist(what: string, work: () => Promise<boolean>): Promise<boolean> {
    return this.#context.retry.insist(what, this.#place.call.signal, work)
  }
}
