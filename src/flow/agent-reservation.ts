/** An agent who is promised to a caller, as a flow holds them: whom it dials and joins follows from the endpoint and the leg. */
import type { Call } from '../call/call.ts'
import type { DialOutcome } from '../switch/hangup-cause.ts'
import type { Leg } from '../call/leg.ts'
import { endScope } from '../journal/scoped-steps.ts'
import type { DialReservation } from '../call/verbs/dial.ts'
import { REST } from '../campaign/agent-call.ts'
import type { Place } from '../queue/place.ts'
import type { AgentReservation } from '../queue/agent-reservation.ts'

/** Dial the endpoint, then join. The rest (ringing, talking, wrap-up) follows from that. */
export interface Agent extends AsyncDisposable {
  readonly name: string
  readonly endpoint: string
}

/** What is written of an agent who was given to a caller. */
export interface SavedAgent {
  readonly name: string
  readonly endpoint: string
  readonly ringForMs: number
  /** Of an agent who waits on the line. */
  readonly leg: string | null
  readonly epoch: number
}

export class FlowAgentReservation implements Agent, DialReservation {
  readonly saved: SavedAgent
  readonly #leg: Leg
  /** Null while a flow is brought back to where it was, and for good when the promise did not last. */
  #agent: AgentReservation | null
  #given = false
  #talked = false

  constructor(leg: Leg, saved: SavedAgent, agent: AgentReservation | null) {
    this.#leg = leg
    this.saved = saved
    this.#agent = agent
  }

  /** A queue has just given this agent to the call; the record of the call says so. */
  static of(leg: Leg, queue: string, agent: AgentReservation): FlowAgentReservation {
    const { name, endpoint, ringForMs, leg: line, epoch } = agent
    leg.steps.journal.note({ event: 'promised', queue, agent: name })
    return new FlowAgentReservation(leg, { name, endpoint, ringForMs, leg: line, epoch }, agent)
  }

  get name(): string {
    return this.saved.name
  }
  get endpoint(): string {
    return this.saved.endpoint
  }
  get ringForMs(): number {
    return this.saved.ringForMs
  }
  get given(): boolean {
    return this.#given
  }

  async reopen(place: Place | null): Promise<void> {
    if (!this.#given) this.#agent = (await place?.again(this.name, this.saved.epoch)) ?? null
  }

  async ringing(): Promise<boolean> {
    return (await this.#agent?.ringing()) ?? false
  }
  async talking(): Promise<boolean> {
    return (await this.#agent?.talking()) ?? false
  }

  async missed(outcome: Exclude<DialOutcome, 'answered'>): Promise<void> {
    await this.#agent?.finished(REST[outcome])
  }
  async talked(): Promise<void> {
    if (this.#talked) return
    this.#talked = true
    await this.#agent?.finished('talked')
  }

  [Symbol.asyncDispose](): Promise<void> {
    const give = async () => {
      this.#given = true
      await this.#agent?.[Symbol.asyncDispose]()
    }
    return endScope(this.#leg, `agent ${this.name}`, give, () => (this.#given = true))
  }
}

/** The agents that this call has been promised, found again by what the flow dials and joins. */
export class AgentReservations {
  readonly #byEndpoint = new Map<string, FlowAgentReservation>()
  readonly #byLeg = new Map<Leg, FlowAgentReservation>()

  add(agent: FlowAgentReservation): void {
    this.#byEndpoint.set(agent.endpoint, agent)
  }
  at(endpoint: string): FlowAgentReservation | undefined {
    return living(this.#byEndpoint.get(endpoint))
  }
  on(leg: Leg): FlowAgentReservation | undefined {
    return living(this.#byLeg.get(leg))
  }
  reached(agent: FlowAgentReservation, party: Call): void {
    this.#byLeg.set(party.leg, agent)
  }
}

const living = (agent: FlowAgentReservation | undefined) => (agent?.given ? undefined : agent)
