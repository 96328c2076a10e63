/**
 * The lead that a campaign called, as the campaign's flow sees it: finding an agent, opting out, the disposition. Used
 * by run.ts.
 */
import { sleep } from '../base/clock.ts'
import { CallEnded } from '../base/errors.ts'
import { isUnavailable, retry, RETRY } from '../base/retry.ts'
import type { AttemptEnd } from '../campaign/disposition.ts'
import {
  callSetting,
  detectOptions,
  leadSettings,
  type CallSettings,
  type LeadSettings,
} from '../campaign/call-settings.ts'
import type { Call } from '../call/call.ts'
import { evidenceIn, type CallEvidence } from '../journal/evidence.ts'
import { endScope } from '../journal/scoped-steps.ts'
import { step } from '../journal/steps.ts'
import { AgentReservation, type SavedReservation } from '../queue/agent-reservation.ts'
import type { Place } from '../queue/place.ts'
import type { Queues } from '../queue/queues.ts'
import { whisperFor } from './agent-whisper.ts'
import { findAttempt } from './find-attempt.ts'
import type { FlowCall } from './flow-call.ts'
import { canBeJoined, nailedAgentLeg, type NailedAgentLeg } from './nailed-agent-leg.ts'
import { waitingCall } from './queue-place.ts'
import { tellReservation } from './agent-reservations.ts'

/**
 * When the law counts from the answer, detection may have used up all of its time. An agent who is free now is better
 * for the person than a message, though the call counts as abandoned.
 */
const LAST_CHANCE_MS = 200

/** A flow waits this long for the write of an opt-out; a longer wait would change nothing for the flow. */
const MOMENT_MS = 1_000

/** Leads go before every caller who waits in the same queue: a lead has a deadline, a caller has none. */
const FIRST = { headStart: '1d' } as const
/** The campaign says that callers go before leads: those without a rule of their own have the priority 0. */
const LAST = { priority: -1 } as const

/**
 * The lead that a campaign called and that has answered: the second parameter of a campaignFlow.
 *
 * @example
 * export default campaignFlow(async (call, lead) => {
 *   const agent = await lead.agent()
 *   if (!agent) return 'abandoned'
 *   return (await call.join(agent.leg)) === 'talked' ? 'talked' : 'abandoned'
 * })
 */
export interface Lead {
  /** The lead's id in the database. */
  readonly id: number
  /** The telephone number that was called. */
  readonly number: string
  /** The other columns of the imported list, by the name of the column. */
  readonly fields: Readonly<Record<string, string>>
  /** The queue of the campaign. */
  readonly queue: string
  /** The settings of the campaign for its calls, each with its value (docs/campaign-flows.md). */
  readonly settings: LeadSettings
  /**
   * Waits for a free agent of the campaign's queue, one who is nailed up on this lead's FreeSWITCH. Resolves with the
   * agent, or with null when none was free in the time that the campaign's law allows, such as 2 s after the end of the
   * greeting (16 CFR 310.4(b)(1)(iv)); the call then counts as abandoned, so play the safe-harbour message: the next
   * sound of the flow is recorded as that message. The lead waits for nobody then; a flow that asks again gets an agent
   * who is free at that moment. Rejects with CallEnded when the lead hangs up. When the flow ends, the agent is
   * released.
   *
   * @example
   * const agent = await lead.agent()
   * if (!agent) return 'abandoned'
   */
  agent(): Promise<LeadAgent | null>
  /**
   * No campaign calls this number again. Resolves when the journal has it, and PostgreSQL too or 1 s has passed: the
   * write to PostgreSQL is retried behind the call. Rejects with CallEnded when the lead hangs up; the opt-out counts
   * all the same.
   *
   * @example if (await call.menu('campaign/safe-harbour', { 9: 'stop' })) await lead.optOut()
   */
  optOut(): Promise<void>
  /**
   * The person has heard who calls, and asks for an agent by a key. The message has kept the time of the law, so the
   * wait for an agent that begins here does not make the call an abandoned one (docs/compliance.md).
   *
   * @example if (await call.menu('campaign/message', { 1: 'wants' })) lead.asked()
   */
  asked(): void
}

/** The agent for a lead: reserved for it and on the line. Join `leg`; there is nothing to dial. */
export interface LeadAgent {
  /** The agent's name, as in `switchhook agent add NAME`. */
  readonly name: string
  /** The agent's leg: `await call.join(agent.leg)`. */
  readonly leg: Call
}

export interface LeadParts {
  /** The name of the campaign, and the settings of its calls. */
  readonly campaign: string
  readonly calls: CallSettings
  readonly id: number
  readonly number: string
  readonly fields: Readonly<Record<string, string>>
  readonly queue: string
  readonly queues: Queues
  /** An agent must be there within `ms` milliseconds of this moment (campaign/law/). */
  readonly deadline: { readonly ms: number; readonly from: 'answer' | 'greeting' }
  /** All three reject when the database is down, and may run twice. */
  optOut(): Promise<void>
  connected(agent: string): Promise<void>
  settle(end: AttemptEnd, agent: string | null, evidence: CallEvidence): Promise<void>
  /** Milliseconds since then, by the call's clock; without detect() the greeting ended when the call arrived. */
  since(moment: 'answer' | 'greeting'): number
}

/** The campaign's store of leads and attempts, as far as a flow needs it: campaign-leads.ts. */
export interface CampaignLeads {
  /**
   * Null when no open attempt has this uuid. Rejects when the database is down; may be called again before the first
   * answer.
   */
  find(uuid: string): Promise<Omit<LeadParts, 'since' | 'queues'> | null>
}

/** The lead of this call; null when the call is not an open attempt of a campaign. */
export async function leadOf(call: FlowCall, desk: CampaignLeads, queues: Queues): Promise<CampaignLead | null> {
  const found = await findAttempt(call, () => desk.find(call.uuid), 'error')
  if (found) call.ofCampaign = detectOptions(found.calls)
  const since = (moment: 'answer' | 'greeting') => (moment === 'answer' ? call.sinceAnswer : call.sinceGreeting)
  return found && new CampaignLead(call, { ...found, queues, since })
}

/** The lead of a running flow. Disposing releases its agent and its place in the queue, however the flow ends. */
export class CampaignLead implements Lead, AsyncDisposable {
  readonly id: number
  readonly number: string
  readonly fields: Readonly<Record<string, string>>
  readonly queue: string
  readonly settings: LeadSettings
  readonly #call: FlowCall
  readonly #parts: LeadParts
  /** A person answered and no agent was free: whatever the lead does next, the call counts as abandoned. */
  unserved = false
  #place: Place | null = null
  #agent: AgentReservation | null = null
  #line: NailedAgentLeg | null = null

  constructor(call: FlowCall, parts: LeadParts) {
    this.id = parts.id
    this.number = parts.number
    this.fields = parts.fields
    this.queue = parts.queue
    this.settings = leadSettings(parts.calls)
    this.#call = call
    this.#parts = parts
  }

  async agent(): Promise<LeadAgent | null> {
    const agent = await step<AgentReservation | null>(this.#call.leg, {
      verb: 'agent',
      run: async () => {
        const found = await this.#find()
        if (found) return found
        this.#call.leg.steps.journal.note({ kind: 'unserved' })
        void this.#leaveQueue() // who comes free while this person hears the message is for the next one
        return null
      },
      save: found => found && { ...found.saved },
      load: (saved, replay) => {
        if (saved === null) return null
        const found = new AgentReservation(waitingCall(this.#call.leg), saved as unknown as SavedReservation)
        replay.atEnd(async () => (await this.#enter()).resume(found))
        return found
      },
    })
    this.unserved = agent === null
    if (!agent) {
      this.#call.whenNextSound(acting => void this.#noteMessage(acting))
      return null
    }
    this.#agent = agent
    void this.#behind('the agent of a lead could not be written', () => this.#parts.connected(agent.name))
    const { calls } = this.#parts
    this.#line = nailedAgentLeg(this.#call.leg, this.#call.context, agent, whisperFor(calls, this.fields))
    const { leg } = this.#line
    this.#call.reservations.reached(agent, leg)
    return { name: agent.name, leg }
  }

  async optOut(): Promise<void> {
    const { leg, context } = this.#call
    const { journal } = leg.steps
    const note = () => {
      journal.note({ kind: 'opt-out', number: this.number })
      return journal.write()
    }
    try {
      await step(leg, {
        verb: 'opt-out',
        run: async () => {
          await note()
          const told = this.#behind('an opt-out could not be written; retried at call end', () => this.#parts.optOut())
          await Promise.race([told, sleep(context.clock, MOMENT_MS)])
        },
      })
    } catch (error) {
      if (error instanceof CallEnded) await note() // the lead hung up; the opt-out counts
      throw error
    }
  }

  asked(): void {
    const { steps } = this.#call.leg
    if (!steps.replaying) steps.journal.note({ kind: 'asked' })
  }

  /**
   * The flow is over. Resolves when its disposition is in the journal. The database is written behind the call,
   * opt-outs first; the journal stays until that is done.
   */
  async conclude(end: AttemptEnd): Promise<void> {
    const { leg, summary } = this.#call
    const { journal } = leg.steps
    const { agent } = summary
    const { answered } = leg.times
    journal.note({ kind: 'disposition', disposition: end, ...(agent !== null && { agent }) })
    await journal.write()
    const optedOut = journal.notes.some(({ note }) => note.kind === 'opt-out')
    this.#call.settled = this.#behind('a lead could not be settled; reconciliation settles it', async () => {
      if (optedOut) await this.#parts.optOut()
      const evidence = evidenceIn(journal.notes)
      await this.#parts.settle(end, agent, {
        ...evidence,
        answeredAt: answered === -Infinity ? evidence.answeredAt : answered,
      })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent?.[Symbol.asyncDispose]()
    this.#line?.[Symbol.dispose]()
    await endScope(
      this.#call.leg,
      ['lead'],
      () => this.#leaveQueue(),
      () => {},
    )
  }

  async #leaveQueue(): Promise<void> {
    const place = this.#place
    this.#place = null
    await place?.[Symbol.asyncDispose]()
  }

  /** The next thing that is played is the message: noted when it could be played, with the time at which it began. */
  async #noteMessage(acting: Promise<unknown>): Promise<void> {
    const { journal } = this.#call.leg.steps
    const at = journal.clock.now()
    const heard = await acting.then(
      () => true,
      error => error instanceof CallEnded, // the lead hung up while it was played
    )
    const isNoted = journal.notes.some(({ note }) => note.kind === 'message')
    if (heard && !isNoted) journal.note({ kind: 'message' }, { at })
  }

  async #find(): Promise<AgentReservation | null> {
    const givenBack = new Set<string>()
    const until = this.#now() + Math.max(this.#left, LAST_CHANCE_MS)
    for (;;) {
      const left = until - this.#now()
      const place = left > 0 ? await this.#enterInTime(left) : null
      const remains = until - this.#now()
      const agent = remains > 0 ? await place?.agent({ within: `${remains}ms` }) : null
      if (!agent) return null
      tellReservation(this.#call.leg, place!.queue, agent)
      if (await canBeJoined(this.#call.leg, agent)) {
        this.#tellScreen(agent.name)
        return agent
      }
      // The agent is on another FreeSWITCH, or not nailed up: a telephone that must ring first misses the deadline,
      // another agent may not. The first time the agent is free again at once, for leads of its own FreeSWITCH. The
      // second time the agent rests, so that the queue offers another one.
      await agent.finished(givenBack.has(agent.name) ? 'failed' : 'caller-left')
      givenBack.add(agent.name)
    }
  }

  /** For the screen of the agent, as early as possible: told once, by the node that reserved the agent. */
  #tellScreen(agent: string): void {
    const { id: lead, number, fields } = this
    const { uuid, context } = this.#call
    context.events.tell('lead.connected', { uuid, campaign: this.#parts.campaign, lead, agent, number, fields })
  }

  /**
   * Resolves with true when it was done, with false after BEHIND.forMs. The call does not wait for a database that is
   * down.
   */
  async #behind(otherwise: string, act: () => Promise<void>): Promise<boolean> {
    const { clock, log } = this.#call.context
    try {
      await retry(act, { clock, policy: RETRY.attemptSettled })
      return true
    } catch (error) {
      log.error({ uuid: this.#call.uuid, lead: this.id, error: (error as Error).message }, otherwise)
      return false
    }
  }

  /** Milliseconds until the law counts the call as abandoned; negative after that. */
  get #left(): number {
    const { deadline, since } = this.#parts
    return deadline.ms - since(deadline.from)
  }

  #now(): number {
    return this.#call.context.clock.now()
  }

  async #enter(within?: number): Promise<Place> {
    const { leg } = this.#call
    const { answered } = leg.times
    return (this.#place ??= await this.#parts.queues.enter(waitingCall(leg), this.#parts.queue, {
      ...(callSetting(this.#parts.calls, 'serveFirst') === 'leads' ? FIRST : LAST),
      isLead: true,
      within,
      onLine: leg.home?.facts.core,
      since: answered === -Infinity ? undefined : answered, // of two leads the one who answered first is served first
    }))
  }

  /**
   * Null when the queues are unavailable for too long: the flow then plays the message that the law asks for, instead
   * of silence.
   */
  async #enterInTime(within: number): Promise<Place | null> {
    try {
      return await this.#enter(within)
    } catch (error) {
      if (!isUnavailable(error)) throw error
      this.#call.context.log.warn(
        { uuid: this.#call.uuid, lead: this.id, error: (error as Error).message },
        'a lead answered while the queues were unavailable; no agent is assigned',
      )
      return null
    }
  }
}
