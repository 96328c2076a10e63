/**
 * An agent who is reserved for a caller, as a flow holds the reservation. The call finds it by the endpoint that the
 * flow dials and by the leg that the flow joins. Used by queue-place.ts, lead.ts, nailed-agent-leg.ts and flow-call.ts.
 */
import { InputError } from '../base/errors.ts'
import type { Call } from '../call/call.ts'
import type { DialOutcome } from '../switch/hangup-cause.ts'
import type { Leg } from '../call/leg.ts'
import { endScope } from '../journal/scoped-steps.ts'
import type { DialReservation } from '../call/verbs/dial.ts'
import { REST } from '../campaign/agent-call.ts'
import type { Place } from '../queue/place.ts'
import type { AgentReservation } from '../queue/agent-reservation.ts'

/**
 * An agent whom a queue has reserved for this caller, from FlowPlace.agent. Dial the endpoint, then join: the agent's
 * state (ringing, talking, wrap-up) follows from that. The end of the scope releases the agent. An agent who is not
 * dialled is released after 10 s.
 *
 * @example
 * await using agent = await place.agent({ within: '45s' })
 * if (agent) {
 *   await using party = await call.dial(agent)
 *   if (party.leg) await call.join(party.leg)
 * }
 */
export interface Agent extends AsyncDisposable {
  /** The agent's name, as in `switchhook agent add NAME`. */
  readonly name: string
  /** FreeSWITCH's dial string of the agent's telephone, such as user/1001. */
  readonly endpoint: string
}

/** The part of a reservation that the journal keeps. */
export interface SavedAgent {
  readonly name: string
  readonly endpoint: string
  readonly ringForMs: number
  /** The uuid of the leg of a nailed-up agent; null: the agent must be dialled. */
  readonly leg: string | null
  readonly epoch: number
}

export class FlowAgentReservation implements Agent, DialReservation {
  readonly saved: SavedAgent
  readonly #leg: Leg
  /** Null during a replay; stays null when the reservation lapsed before the replay was through. */
  #agent: AgentReservation | null
  #given = false
  #talked = false

  constructor(leg: Leg, saved: SavedAgent, agent: AgentReservation | null) {
    this.#leg = leg
    this.saved = saved
    this.#agent = agent
  }

  /** A queue has just reserved this agent for the call. Notes it in the journal, for the call's record. */
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
    return endScope(this.#leg, ['agent', this.name], give, () => (this.#given = true))
  }
}

/** The reservations of one call: of the agents that its flow dials, and of the legs that it joins. */
export class AgentReservations {
  readonly #reservations = new Set<FlowAgentReservation>()
  readonly #byLeg = new Map<Leg, FlowAgentReservation>()

  add(agent: FlowAgentReservation): void {
    this.#reservations.add(agent)
  }

  /** The reservation behind the agent that a flow holds. Throws InputError when it has ended, or is another call's. */
  of(agent: Agent): FlowAgentReservation {
    for (const one of this.#reservations) if (one === agent && !one.given) return one
    throw new InputError(
      `agent ${agent.name} is not reserved for this call any more: dial an agent within the scope of place.agent()`,
    )
  }

  /** Throws InputError when the endpoint is that of an agent who is reserved for this call. */
  noneAt(endpoint: string): undefined {
    for (const one of this.#reservations)
      if (one.endpoint === endpoint && !one.given)
        throw new InputError(
          `${endpoint} is the telephone of agent ${one.name}, who is reserved for this call: dial the agent, call.dial(agent)`,
        )
  }

  /** The reservation of the agent on this leg. */
  on(leg: Leg): FlowAgentReservation | undefined {
    const agent = this.#byLeg.get(leg)
    return agent?.given ? undefined : agent
  }

  reached(agent: FlowAgentReservation, party: Call): void {
    this.#byLeg.set(party.leg, agent)
  }
}
