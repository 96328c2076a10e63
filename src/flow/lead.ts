/** The person that a campaign called, as its flow sees them. */
import type { Call } from '../call/call.ts'
import { step } from '../call/journal.ts'
import type { FlowCall } from './flow-call.ts'
import { waitingCall } from './place.ts'
import type { Place } from '../queue/place.ts'
import type { Queues } from '../queue/queue.ts'

/**
 * Within two seconds of the person's completed greeting they must be talking to an agent, else the call counts as abandoned
 * (16 CFR 310.4(b)(1)(iv), 47 CFR 64.1200(a)(7)).
 */
const LEGAL_MS = 2_000

/** Before every caller who waits in the same queue: they have a deadline, the callers have none. */
const FIRST = '1d'

export interface Lead {
  readonly id: number
  readonly number: string
  /** Whatever else the list said, by the name of the column. */
  readonly fields: Readonly<Record<string, string>>
  /** An agent of the campaign who is on the line already, or null when none was free in time. */
  agent(): Promise<LeadAgent | null>
  /** Never called again, by any campaign. */
  optOut(): Promise<void>
}

export interface LeadAgent {
  readonly name: string
  readonly leg: Call
}

export interface LeadParts {
  readonly id: number
  readonly number: string
  readonly fields: Readonly<Record<string, string>>
  readonly queue: string
  readonly queues: Queues
  /** The leg on which an agent waits, when it is held by this process. */
  callOf(agent: string): Call | undefined
  optOut(): Promise<void>
  connected(agent: string): Promise<void>
  /** Milliseconds since the greeting ended (or, without detection, since the answer), by the call's clock. */
  sinceGreeting(): number
}

/** The lead and the scope that gives its agent back when the flow is over, however it ends. */
export class CampaignLead implements Lead, AsyncDisposable {
  readonly id: number
  readonly number: string
  readonly fields: Readonly<Record<string, string>>
  readonly #call: FlowCall
  readonly #parts: LeadParts
  /** A person answered and was told that nobody is free: whatever they do next, the call counts as abandoned. */
  unserved = false
  #place: Place | null = null
  #given: AsyncDisposable | null = null

  constructor(call: FlowCall, parts: LeadParts) {
    this.id = parts.id
    this.number = parts.number
    this.fields = parts.fields
    this.#call = call
    this.#parts = parts
  }

  agent(): Promise<LeadAgent | null> {
    return step(this.#call.leg, {
      verb: 'lead.agent',
      run: async () => {
        const found = await this.#findAgent()
        this.unserved = found === null
        return found
      },
    })
  }

  optOut(): Promise<void> {
    return step(this.#call.leg, { verb: 'lead.optOut', run: () => this.#parts.optOut() })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#given?.[Symbol.asyncDispose]()
    await this.#place?.[Symbol.asyncDispose]()
  }

  async #findAgent(): Promise<LeadAgent | null> {
    const left = LEGAL_MS - this.#parts.sinceGreeting()
    if (left <= 0) return null
    this.#place ??= await this.#parts.queues.enter(waitingCall(this.#call.leg), this.#parts.queue, { headStart: FIRST })
    const agent = await this.#place.agent({ within: `${left}ms` })
    if (!agent) return null
    const leg = agent.leg === null ? undefined : this.#parts.callOf(agent.name)
    if (!leg) {
      await agent.finished('failed') // not on the line: a telephone that must ring first cannot make the deadline
      return null
    }
    this.#given = this.#call.promised.add(agent)
    this.#call.promised.reached(agent, leg)
    await this.#parts.connected(agent.name)
    return { name: agent.name, leg }
  }
}
