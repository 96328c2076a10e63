/** A place in a queue and its agents, as a flow holds them: every wait passes the one door of the call. */
import type { Outcome } from '../agent/agent.ts'
import type { Call } from '../call/call.ts'
import type { DialOutcome } from '../call/cause.ts'
import { step } from '../call/journal.ts'
import { left } from '../call/left.ts'
import type { Leg } from '../call/leg.ts'
import type { Place, WaitingCall } from '../queue/place.ts'
import type { ReservedAgent } from '../queue/reserved-agent.ts'

/** An agent promised to this caller: dial the endpoint, then join. The rest (ringing, talking, wrap-up) follows from that. */
export interface Agent extends AsyncDisposable {
  readonly name: string
  readonly endpoint: string
}

/** The agents that this call has been promised, found again by what the flow dials and joins. */
export class Promised {
  readonly #byEndpoint = new Map<string, ReservedAgent>()
  readonly #byLeg = new Map<Leg, ReservedAgent>()

  add(agent: ReservedAgent): Agent {
    this.#byEndpoint.set(agent.endpoint, agent)
    return {
      name: agent.name,
      endpoint: agent.endpoint,
      [Symbol.asyncDispose]: async () => {
        this.#forget(agent)
        await agent[Symbol.asyncDispose]()
      },
    }
  }

  at(endpoint: string): ReservedAgent | undefined {
    return this.#byEndpoint.get(endpoint)
  }
  on(leg: Leg): ReservedAgent | undefined {
    return this.#byLeg.get(leg)
  }
  reached(agent: ReservedAgent, party: Call): void {
    this.#byLeg.set(party.leg, agent)
  }
  #forget(agent: ReservedAgent): void {
    if (this.#byEndpoint.get(agent.endpoint) === agent) this.#byEndpoint.delete(agent.endpoint)
    for (const [leg, other] of this.#byLeg) if (other === agent) this.#byLeg.delete(leg)
  }
}

/** What a dial that did not reach the agent means for the agent. */
export const RESTS: Readonly<Record<Exclude<DialOutcome, 'answered'>, Outcome>> = {
  busy: 'busy',
  'no-answer': 'no-answer',
  declined: 'declined',
  cancelled: 'caller-left',
  invalid: 'failed',
  failed: 'failed',
  refused: 'failed',
}

/** The queue's view of a call. A place goes along with a call that moves: the signal says which of the two happened. */
export function waitingCall(leg: Leg): WaitingCall {
  return { uuid: leg.uuid, from: leg.arrival.from, signal: left(leg) }
}

export interface FlowPlace extends Omit<Place, 'agent'> {
  /** Waits for an agent; null when none was free `within` that time. */
  agent(options: Parameters<Place['agent']>[0]): Promise<Agent | null>
}

export function flowPlace(leg: Leg, place: Place, take: (agent: ReservedAgent) => Agent): FlowPlace {
  return {
    get queue() { return place.queue },
    get position() { return place.position },
    get waited() { return place.waited },
    get called() { return place.called },
    hasWaited: duration => place.hasWaited(duration),
    agent: options =>
      step(leg, {
        verb: 'agent',
        run: async () => {
          const agent = await place.agent(options)
          return agent && take(agent)
        },
      }),
    keepForCallback: number => step(leg, { verb: 'keepForCallback', run: () => place.keepForCallback(number) }),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  }
}
