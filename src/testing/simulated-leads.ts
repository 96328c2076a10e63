/**
 * A campaign of one call, for flow tests: dials a lead, starts its flow when the lead answers, and keeps the
 * disposition.
 */
import { isAttemptEnd, type AttemptEnd } from '../campaign/disposition.ts'
import type { CallSettings } from '../campaign/call-settings.ts'
import { evidenceIn, NO_EVIDENCE, timedNotesIn, type CallEvidence } from '../journal/evidence.ts'
import { saidIn } from '../journal/said.ts'
import type { Duration } from '../base/duration.ts'
import { originate } from '../switch/originate.ts'
import { dial, endpoint, newUuid, type Ident } from '../esl/safe-text.ts'
import type { CampaignLeads, LeadParts } from '../flow/lead.ts'
import { Actor } from './actor.ts'
import type { Simulation } from './simulation.ts'
import type { Behaviour } from './switch/world.ts'
import type { Person } from './switch/person.ts'

export interface LeadOptions {
  /** Default: a different number for each lead, from +49405551000 on. */
  number?: string
  /** Further columns of the lead list, by name. Default: none. */
  fields?: Readonly<Record<string, string>>
  /** The settings of the campaign for its calls. Default: each has its default. */
  settings?: CallSettings
  /** The queue whose agents talk to the lead. Default sales. */
  queue?: string
  /** Ring time until the lead answers, or what happens instead. Default 1s. */
  answers?: Behaviour['answers']
  /** The time of the law. Default 2 s from the end of the greeting. */
  deadline?: { readonly ms: number; readonly from: 'answer' | 'greeting' }
  /** What is heard after the answer. Default human. */
  speaks?: 'human' | 'machine' | 'machine-without-beep' | 'radio' | 'silence'
}

interface Attempt {
  readonly id: number
  readonly number: string
  readonly fields: Readonly<Record<string, string>>
  readonly queue: string
  readonly deadline: LeadParts['deadline']
  readonly settings: CallSettings
  settled?: { end: AttemptEnd | string; agent: string | null; evidence: CallEvidence }
  optedOut: boolean
  connectedTo: string | null
}

/** The leads of a simulation in place of the campaign's tables. Flows read them; `dial` adds one. */
export class SimulatedLeads implements CampaignLeads {
  readonly #sim: Simulation
  readonly #attempts = new Map<string, Attempt>()

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** The lead of a call; null when there is none, or when it has its disposition. */
  async find(uuid: string): ReturnType<CampaignLeads['find']> {
    await this.#sim.reachDatabase()
    const attempt = this.#attempts.get(uuid)
    if (!attempt || attempt.settled) return null
    const { id, number, fields, queue, deadline, settings } = attempt
    return {
      id,
      number,
      fields,
      queue,
      campaign: 'spring',
      calls: settings,
      deadline,
      optOut: async () => {
        await this.#sim.reachDatabase()
        attempt.optedOut = true
      },
      connected: async agent => {
        await this.#sim.reachDatabase()
        attempt.connectedTo = agent
      },
      settle: async (end, agent, evidence) => {
        await this.#sim.reachDatabase()
        attempt.settled ??= { end, agent, evidence }
      },
    }
  }

  /** As Leads.presume (campaign/leads.ts): settles an attempt whose call is gone and whose flow did not return. */
  async presume(uuid: string): Promise<void> {
    await this.#sim.reachDatabase()
    const attempt = this.#attempts.get(uuid)
    if (!attempt) return
    const notes = timedNotesIn(await this.#sim.callStore.read(uuid))
    const said = saidIn(
      notes.map(({ note }) => note),
      isAttemptEnd,
    )
    if (said.optOut !== undefined) attempt.optedOut = true
    const unserved = evidenceIn(notes).unserved ? 'abandoned' : 'hung-up'
    const end = said.end ?? (attempt.connectedTo === null ? unserved : 'talked')
    attempt.settled ??= { end, agent: said.agent ?? null, evidence: evidenceIn(notes) }
  }

  /** Dials a lead through the trunk and starts the flow when the lead answers. */
  dial(flow: Ident, options: LeadOptions): SimulatedLead {
    const uuid = newUuid()
    const number = options.number ?? `+4940555${String(1000 + this.#attempts.size)}`
    const attempt: Attempt = {
      id: this.#attempts.size + 1,
      number,
      fields: options.fields ?? {},
      queue: options.queue ?? 'sales',
      deadline: options.deadline ?? { ms: 2_000, from: 'greeting' },
      settings: options.settings ?? {},
      optedOut: false,
      connectedTo: null,
    }
    this.#attempts.set(uuid, attempt)
    const to = `sofia/gateway/carrier/${dial(number)}`
    const { answers = '1s' as const, speaks = 'human' as const } = options
    const place = this.#sim.switch.world.at(to, { answers, speaks })
    const rings = place.next()
    void this.#sim.ready.then(async ({ calls }) => {
      const { clock } = this.#sim
      const { outcome } = await originate(calls.switchboard.any(), {
        uuid,
        endpoint: endpoint(to),
        flow,
        ringForMs: 25_000,
        clock,
        log: calls.log,
      })
      if (outcome !== 'answered') attempt.settled ??= { end: outcome, agent: null, evidence: NO_EVIDENCE }
    })
    return new SimulatedLead(this.#sim, attempt, rings)
  }
}

/**
 * A lead whom a campaign has dialled. `Simulation.lead` creates it.
 *
 * @example
 * const lead = sim.lead(campaignLeg, { queue: 'sales', speaks: 'machine' })
 * assert.equal(await lead.disposition(), 'machine')
 */
export class SimulatedLead extends Actor {
  readonly #attempt: Attempt

  constructor(sim: Simulation, attempt: Attempt, rings: Promise<Person>) {
    super(sim, attempt.number, () => rings)
    this.#attempt = attempt
  }

  /** True when the flow has recorded that this lead must not be called again. */
  get optedOut(): boolean {
    return this.#attempt.optedOut
  }

  /** The agent whom the flow has recorded as talking with this lead; null when there is none. */
  get connectedTo(): string | null {
    return this.#attempt.connectedTo
  }

  /** What the call's journal told of detection, agent and message, once there is a disposition. */
  get evidence(): CallEvidence {
    return this.#attempt.settled!.evidence
  }

  /** Waits for the disposition that the flow returned, or for the reason why the lead did not answer. */
  async disposition(within: Duration = '2m'): Promise<string> {
    await this.sim.until(`${this.name} gets a disposition`, () => this.#attempt.settled !== undefined, within)
    return this.#attempt.settled!.end
  }
}
