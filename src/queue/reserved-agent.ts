/** An agent who is promised to one caller, as a flow holds them. Given back when the scope ends. */
import type { Agent, Outcome } from '../agent/agent.ts'
import { talking } from './member.ts'
import type { PlaceHouse, WaitingPlace } from './place.ts'

export interface ReservedAgent extends AsyncDisposable {
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

export class PromisedAgent implements ReservedAgent {
  readonly name: string
  readonly endpoint: string
  readonly ringForMs: number
  readonly leg: string | null
  readonly epoch: number
  readonly #house: PlaceHouse
  readonly #place: WaitingPlace
  #reached: 'reserved' | 'ringing' | 'talking'
  #over = false

  /** `agent` as the roster has them under this epoch: a call that was taken over may find them ringing or talking already. */
  constructor(house: PlaceHouse, place: WaitingPlace, agent: Agent, epoch: number) {
    this.#house = house
    this.#place = place
    this.name = agent.name
    this.endpoint = agent.endpoint
    this.ringForMs = agent.ringForMs
    this.leg = agent.nailed?.leg ?? null
    this.epoch = epoch
    this.#reached = agent.state === 'ringing' || agent.state === 'talking' ? agent.state : 'reserved'
  }

  async ringing(): Promise<boolean> {
    return this.#advance('ringing')
  }

  /** The agent first: their record decides whether the promise still holds. */
  async talking(): Promise<boolean> {
    if (!(await this.#advance('talking'))) return false
    const { store, clock } = this.#house
    const member = await store.change(this.#place.queue, this.#place.call.uuid, known => talking(known, this.epoch, clock.now()))
    if (member) this.#house.wrote(member)
    return true
  }

  /** The caller first: they may be promised to another agent at once, and should we die in between, the agent comes free by themselves. */
  async finished(outcome: Outcome): Promise<void> {
    if (this.#over || this.#place.isMoved) return
    this.#over = true
    const { roster, clock } = this.#house
    if (this.#reached !== 'talking') await this.#place.waitsOn(this.epoch)
    await this.#house.persist('an agent could not be released', async () => void (await roster.release(this.name, this.epoch, outcome, clock.now())))
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#reached === 'talking') return this.finished('talked')
    return this.finished(this.#reached === 'ringing' && !this.#place.call.signal.aborted ? 'no-answer' : 'caller-left')
  }

  async #advance(to: 'ringing' | 'talking'): Promise<boolean> {
    if (this.#over || this.#place.isMoved) return false
    const { roster, clock } = this.#house
    if (!(await roster.advance(this.name, this.epoch, to, clock.now()))) return false
    if (this.#reached !== 'talking') this.#reached = to
    return true
  }
}
