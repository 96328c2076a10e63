/** The person that a campaign called, as its flow sees them. */
import { sleep } from '../base/clock.ts'
import { CallEnded } from '../base/errors.ts'
import { insist } from '../base/insist.ts'
import type { AttemptEnd } from '../campaign/disposition.ts'
import type { Call } from '../call/call.ts'
import { endScope } from '../journal/scoped-steps.ts'
import { step } from '../journal/steps.ts'
import type { Place } from '../queue/place.ts'
import type { Queues } from '../queue/queue.ts'
import { isAway } from '../queue/retry.ts'
import type { FlowCall } from './flow-call.ts'
import { canBeJoined, nailedAgentLeg, type NailedAgentLeg } from './nailed-agent-leg.ts'
import { waitingCall } from './queue-place.ts'
import { FlowAgentReservation, type SavedAgent } from './agent-reservation.ts'

/**
 * Within two seconds of the person's completed greeting they must be talking to an agent, else the call counts as abandoned
 * (16 CFR 310.4(b)(1)(iv), 47 CFR 64.1200(a)(7)).
 */
const LEGAL_MS = 2_000

/**
 * Who answers while the database is away, or says nothing, hears nothing for so long, and then the apology. Often, for their hello (0.4 s
 * and more) is listened to after that. Each try is long enough for the pool to give up connections that died while they were idle.
 */
const ANSWERED = { everyMs: 100, tryMs: 600, forMs: 1_500 }
/** What the database is told behind the call. After that reconciliation tells it, of the journal. */
const BEHIND = { everyMs: 1_000, forMs: 60_000 }
/** A flow waits so long for it to be told; what it would say does not change by waiting. */
const MOMENT_MS = 1_000

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
  /** All three reject when the database is away, and may be done twice. */
  optOut(): Promise<void>
  connected(agent: string): Promise<void>
  settle(end: AttemptEnd, agent: string | null): Promise<void>
  /** Milliseconds since the greeting ended (or, without detection, since the answer), by the call's clock. */
  sinceGreeting(): number
}

/** A campaign's side of a call that it made. */
export interface CampaignLeads {
  /** Null when no open attempt has this uuid. Rejects when the database is away; may be asked again before it has answered. */
  find(uuid: string): Promise<Omit<LeadParts, 'sinceGreeting' | 'queues'> | null>
}

/** Whom the campaign has called; null when the call is no open attempt. */
export async function leadOf(call: FlowCall, desk: CampaignLeads, queues: Queues): Promise<CampaignLead | null> {
  const found = await insist(call.context.clock, () => desk.find(call.uuid), ANSWERED)
  return found && new CampaignLead(call, { ...found, queues, sinceGreeting: () => call.sinceGreeting })
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
  #agent: FlowAgentReservation | null = null
  #line: NailedAgentLeg | null = null

  constructor(call: FlowCall, parts: LeadParts) {
    this.id = parts.id
    this.number = parts.number
    this.fields = parts.fields
    this.#call = call
    this.#parts = parts
  }

  async agent(): Promise<LeadAgent | null> {
    const agent = await step<FlowAgentReservation | null>(this.#call.leg, {
      verb: 'agent of the campaign',
      run: () => this.#find(),
      save: found => found && { ...found.saved },
      load: (saved, replay) => {
        if (saved === null) return null
        const found = new FlowAgentReservation(this.#call.leg, saved as unknown as SavedAgent, null)
        replay.atEnd(async () => found.reopen(await this.#enter()))
        return found
      },
    })
    this.unserved = agent === null
    if (!agent) return null
    this.#agent = agent
    void this.#behind('it is not written down that a lead talks with an agent', () => this.#parts.connected(agent.name))
    this.#line = nailedAgentLeg(this.#call.leg, this.#call.context, agent)
    const { leg } = this.#line
    this.#call.reservations.reached(agent, leg)
    return { name: agent.name, leg }
  }

  async optOut(): Promise<void> {
    const { leg, context } = this.#call
    const { journal } = leg.steps
    const note = () => {
      journal.note({ optOut: this.number })
      return journal.write()
    }
    try {
      await step(leg, {
        verb: 'opt out',
        run: async () => {
          await note()
          const told = this.#behind('an opt-out is not written down yet', () => this.#parts.optOut())
          await Promise.race([told, sleep(context.clock, MOMENT_MS)])
        },
      })
    } catch (error) {
      if (error instanceof CallEnded) await note() // they have hung up, and meant it
      throw error
    }
  }

  /**
   * The flow is over: its disposition is in the journal when this resolves. The database is told behind the call, the opt-outs first; the
   * journal stays until it was.
   */
  async conclude(end: AttemptEnd): Promise<void> {
    const { leg, summary } = this.#call
    const { journal } = leg.steps
    const { agent } = summary
    journal.note({ disposition: end, ...(agent !== null && { agent }) })
    await journal.write()
    const optedOut = journal.notes.some(({ note }) => 'optOut' in note)
    this.#call.settled = this.#behind('a lead is not settled yet', async () => {
      if (optedOut) await this.#parts.optOut()
      await this.#parts.settle(end, agent)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent?.[Symbol.asyncDispose]()
    this.#line?.[Symbol.dispose]()
    await endScope(
      this.#call.leg,
      'lead',
      async () => this.#place?.[Symbol.asyncDispose](),
      () => {},
    )
  }

  async #find(): Promise<FlowAgentReservation | null> {
    const givenBack = new Set<string>()
    for (;;) {
      const place = this.#left > 0 ? await this.#enterInTime() : null
      const agent = this.#left > 0 ? await place?.agent({ within: `${this.#left}ms` }) : null
      if (!agent) return null
      const found = FlowAgentReservation.of(this.#call.leg, this.#parts.queue, agent)
      if (await canBeJoined(this.#call.leg, found)) return found
      // On the line of another switch, or on none: a telephone that must ring first cannot make the deadline, somebody else may. The
      // first time they are free at once, for the leads of their own switch; who comes again rests, else nobody else would come.
      await agent.finished(givenBack.has(agent.name) ? 'failed' : 'caller-left')
      givenBack.add(agent.name)
    }
  }

  /** True when it was done: nobody on the line waits for a database that is away. */
  async #behind(otherwise: string, act: () => Promise<void>): Promise<boolean> {
    const { clock, log } = this.#call.context
    try {
      await insist(clock, act, BEHIND)
      return true
    } catch (error) {
      log.error({ uuid: this.#call.uuid, lead: this.id, error: (error as Error).message }, otherwise)
      return false
    }
  }

  /** Milliseconds until the law counts the call as abandoned. */
  get #left(): number {
    return LEGAL_MS - this.#parts.sinceGreeting()
  }

  async #enter(within?: number): Promise<Place> {
    return (this.#place ??= await this.#parts.queues.enter(waitingCall(this.#call.leg), this.#parts.queue, {
      ...FIRST,
      within,
    }))
  }

  /** Null when the queues cannot be had in time: whoever answered hears the message of the law instead of nothing. */
  async #enterInTime(): Promise<Place | null> {
    try {
      return await this.#enter(this.#left)
    } catch (error) {
      if (!isAway(error)) throw error
      this.#call.context.log.warn(
        { uuid: this.#call.uuid, lead: this.id, error: (error as Error).message },
        'a lead has answered and the queues cannot be had: nobody is given to them',
      )
      return null
    }
  }
}
