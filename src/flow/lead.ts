/** The person that a campaign called, as its flow sees them. */
import type { AttemptEnd } from '../campaign/disposition.ts'
import type { Call } from '../call/call.ts'
import { ends } from '../call/nouns.ts'
import type { Leg } from '../call/leg.ts'
import { parkedLeg } from '../call/parked.ts'
import { step } from '../call/steps.ts'
import { uuid as parseUuid } from '../esl/words.ts'
import type { Place } from '../queue/place.ts'
import type { Queues } from '../queue/queue.ts'
import type { FlowCall } from './flow-call.ts'
import { waitingCall } from './place.ts'
import { LeasedAgent, type SavedAgent } from './promise.ts'

/**
 * Within two seconds of the person's completed greeting they must be talking to an agent, else the call counts as abandoned
 * (16 CFR 310.4(b)(1)(iv), 47 CFR 64.1200(a)(7)).
 */
const LEGAL_MS = 2_000

/** Before every caller who waits in the same queue: they have a deadline, the callers have none. */
const FIRST = { headStart: '1d' } as const

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
  optOut(): Promise<void>
  connected(agent: string): Promise<void>
  /** Milliseconds since the greeting ended (or, without detection, since the answer), by the call's clock. */
  sinceGreeting(): number
}

/** A campaign's side of a call that it made. */
export interface LeadDesk {
  /** Null when no open attempt has this uuid. */
  find(uuid: string): Promise<(Omit<LeadParts, 'sinceGreeting' | 'queues'> & { settle(end: AttemptEnd, agent: string | null): Promise<void> }) | null>
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
  #agent: LeasedAgent | null = null
  #parked: Leg | null = null

  constructor(call: FlowCall, parts: LeadParts) {
    this.id = parts.id
    this.number = parts.number
    this.fields = parts.fields
    this.#call = call
    this.#parts = parts
  }

  async agent(): Promise<LeadAgent | null> {
    const agent = await step<LeasedAgent | null>(this.#call.leg, {
      verb: 'agent of the campaign',
      run: () => this.#find(),
      save: found => found && { ...found.saved },
      load: (saved, replay) => {
        if (saved === null) return null
        const found = new LeasedAgent(this.#call.leg, saved as unknown as SavedAgent, null)
        replay.atEnd(async () => found.reopen(await this.#enter()))
        return found
      },
    })
    this.unserved = agent === null
    if (!agent) return null
    this.#agent = agent
    const leg = this.#legOf(agent)
    this.#call.promised.reached(agent, leg)
    return { name: agent.name, leg }
  }

  optOut(): Promise<void> {
    return step(this.#call.leg, { verb: 'opt out', run: () => this.#parts.optOut() })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent?.[Symbol.asyncDispose]()
    this.#parked?.giveAway('taken') // its end is nobody's business here any more
    await ends(this.#call.leg, 'lead', async () => this.#place?.[Symbol.asyncDispose](), () => {})
  }

  async #find(): Promise<LeasedAgent | null> {
    const left = LEGAL_MS - this.#parts.sinceGreeting()
    if (left <= 0) return null
    const place = await this.#enter()
    const agent = await place.agent({ within: `${left}ms` })
    if (!agent) return null
    const { name, endpoint, ringForMs, leg, epoch } = agent
    this.#call.note({ event: 'promised', queue: this.#parts.queue, agent: name })
    const found = new LeasedAgent(this.#call.leg, { name, endpoint, ringForMs, leg, epoch }, agent)
    const { home } = this.#call.leg
    if (leg === null || home === null || (await home.lives(parseUuid(leg))) === 'no') {
      await found.failed() // not on the line (or on that of another switch): a telephone that must ring first cannot make the deadline
      return null
    }
    await this.#parts.connected(name)
    return found
  }

  async #enter(): Promise<Place> {
    return (this.#place ??= await this.#parts.queues.enter(waitingCall(this.#call.leg), this.#parts.queue, FIRST))
  }

  #legOf({ saved }: LeasedAgent): Call {
    const { leg, house } = this.#call
    const parked = parkedLeg(parseUuid(saved.leg!), leg.home!, { clock: house.clock, log: house.log })
    parked.steps = leg.steps
    this.#parked = parked
    return house.callOf(parked)
  }
}
