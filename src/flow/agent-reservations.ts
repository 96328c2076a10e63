/**
 * The agents who are reserved for one call, as its flow dials and joins them. Used by flow-call.ts, queue-place.ts and
 * lead.ts; queue/agent-reservation.ts is the reservation itself.
 */
import { telephonesOf } from '../agent/settings.ts'
import { InputError } from '../base/errors.ts'
import type { Call } from '../call/call.ts'
import type { Leg } from '../call/leg.ts'
import type { AgentReservation } from '../queue/agent-reservation.ts'

/**
 * An agent whom a queue has reserved for this caller, from FlowPlace.agent. Dial the agent, then join: the agent's
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
  /** The agent's telephone, such as user/1001; of several, with commas between them: user/1001,user/1002. */
  readonly endpoint: string
  /** The number of the agent that callers are to hear; null: none. */
  readonly jobNumber: string | null
  /** How the agent accepts the call, by the setting of the queue: by pressing a key, or by answering the telephone. */
  readonly accept: 'key' | 'none'
  /** Does the agent hear the topic of the call first? The setting of the queue. */
  readonly whisper: boolean
}

/** A queue has just reserved this agent for the call. */
export function tellReservation({ steps }: Leg, queue: string, { name }: AgentReservation): void {
  steps.journal.tell('queue.call.offered', { queue, agent: name })
}

/** The reservations of one call: of the agents that its flow dials, and of the legs that it joins. */
export class AgentReservations {
  readonly #reservations = new Set<AgentReservation>()
  readonly #byLeg = new Map<Leg, AgentReservation>()

  add(reservation: AgentReservation): void {
    this.#reservations.add(reservation)
  }

  /** The reservation behind the agent that a flow holds. Throws InputError when it has ended, or is another call's. */
  of(agent: Agent): AgentReservation {
    for (const one of this.#reservations) if (one === agent && !one.scopeEnded) return one
    throw new InputError(
      `agent ${agent.name} is not reserved for this call any more: dial an agent within the scope of place.agent()`,
    )
  }

  /** Throws InputError when the endpoint is that of an agent who is reserved for this call. */
  noneAt(endpoint: string): void {
    for (const one of this.#reservations)
      if (telephonesOf(one).includes(endpoint) && !one.scopeEnded)
        throw new InputError(
          `${endpoint} is the telephone of agent ${one.name}, who is reserved for this call: dial the agent, call.dial(agent)`,
        )
  }

  /** The reservation of the agent on this leg. */
  on(leg: Leg): AgentReservation | undefined {
    const reservation = this.#byLeg.get(leg)
    return reservation?.scopeEnded ? undefined : reservation
  }

  reached(reservation: AgentReservation, party: Call): void {
    this.#byLeg.set(party.leg, reservation)
  }
}
