/**
 * What the events of a call have told so far, for events of other systems that carry more fields than ours. Known to
 * the node that drives the call: after a takeover the times before it are missing. Used by compat-events.ts.
 */
import type { TimelineFields } from '../../events/timeline.ts'
import type { EventData, EventName } from '../../events/catalogue.ts'

/** An agent of the call. Times in milliseconds since the epoch. */
export interface AgentFacts {
  /** The queue that reserved the agent; null: none. */
  queue: string | null
  leg: string
  calledAt: number | null
  answeredAt: number | null
}

export interface CallFacts {
  readonly uuid: string
  readonly from: string
  readonly to: string
  readonly direction: 'in' | 'out'
  /** The queue that the caller entered last; null: none. */
  queue: string | null
  joinedAt: number | null
  /** How often the call was transferred. */
  transfers: number
  readonly agents: Map<string, AgentFacts>
}

/** So many calls are remembered; the oldest one goes. A call that moved to another node ends there. */
const MOST = 20_000

export class FactsOfCalls {
  readonly #calls = new Map<string, CallFacts>()

  /** The facts with this event; null: it is about no call that this node knows. */
  learn<N extends EventName>(name: N, data: EventData<N>, at: number): CallFacts | null {
    if (name === 'call.initiated' || name === 'call.taken_over')
      this.#begin(data as EventData<'call.initiated' | 'call.taken_over'>)
    const { uuid } = data as { uuid?: string }
    const call = uuid === undefined ? undefined : this.#calls.get(uuid)
    if (!call) return null
    const { agent, leg, queue } = data as TimelineFields
    const known = agent === undefined ? undefined : this.#agentOf(call, agent)
    if (name === 'queue.call.entered') Object.assign(call, { queue: queue!, joinedAt: call.joinedAt ?? at })
    if (name === 'queue.call.offered') known!.queue = queue!
    if (name === 'call.party.dialled' && known) Object.assign(known, { leg: leg!, calledAt: at, answeredAt: null })
    if (name === 'call.bridged' && known) Object.assign(known, { leg: leg!, answeredAt: at })
    if (name === 'call.transferred' || name === 'call.redirected') call.transfers++
    if (name === 'call.completed') this.#calls.delete(call.uuid)
    return call
  }

  #begin({ uuid, from, to, direction }: EventData<'call.initiated'>): void {
    const call = { uuid, from, to, direction, queue: null, joinedAt: null, transfers: 0, agents: new Map() }
    this.#calls.set(uuid, call)
    if (this.#calls.size > MOST) this.#calls.delete(this.#calls.keys().next().value!)
  }

  #agentOf({ agents }: CallFacts, name: string): AgentFacts {
    const known = agents.get(name) ?? { queue: null, leg: '', calledAt: null, answeredAt: null }
    agents.set(name, known)
    return known
  }
}
