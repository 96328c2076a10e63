/** A campaign of one call, for tests: dials a lead, gives it to its flow, and keeps what became of it. */
import type { AttemptEnd } from '../campaign/disposition.ts'
import type { Duration } from '../base/duration.ts'
import { originate } from '../switch/originate.ts'
import { dial, endpoint, newUuid, type Ident } from '../esl/safe-text.ts'
import type { CampaignLeads } from '../flow/lead.ts'
import { Actor } from './actor.ts'
import type { Simulation } from './simulation.ts'
import type { Behaviour } from './switch/world.ts'
import type { Person } from './switch/person.ts'

export interface LeadOptions {
  number?: string
  fields?: Readonly<Record<string, string>>
  /** The queue whose agents talk to the lead. Default sales. */
  queue?: string
  answers?: Behaviour['answers']
  speaks?: 'human' | 'machine' | 'silence'
}

interface Attempt {
  readonly id: number
  readonly number: string
  readonly fields: Readonly<Record<string, string>>
  readonly queue: string
  settled?: { end: AttemptEnd | string; agent: string | null }
  optedOut: boolean
  connectedTo: string | null
}

export class SimulatedLeads implements CampaignLeads {
  readonly #sim: Simulation
  readonly #attempts = new Map<string, Attempt>()

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  async find(uuid: string): ReturnType<CampaignLeads['find']> {
    await this.#sim.reachDatabase()
    const attempt = this.#attempts.get(uuid)
    if (!attempt || attempt.settled) return null
    const { id, number, fields, queue } = attempt
    return {
      id,
      number,
      fields,
      queue,
      optOut: async () => {
        await this.#sim.reachDatabase()
        attempt.optedOut = true
      },
      connected: async agent => {
        await this.#sim.reachDatabase()
        attempt.connectedTo = agent
      },
      settle: async (end, agent) => {
        await this.#sim.reachDatabase()
        attempt.settled ??= { end, agent }
      },
    }
  }

  dial(flow: Ident, options: LeadOptions): SimulatedLead {
    const uuid = newUuid()
    const number = options.number ?? `+4940555${String(1000 + this.#attempts.size)}`
    const attempt: Attempt = {
      id: this.#attempts.size + 1,
      number,
      fields: options.fields ?? {},
      queue: options.queue ?? 'sales',
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
      if (outcome !== 'answered') attempt.settled ??= { end: outcome, agent: null }
    })
    return new SimulatedLead(this.#sim, attempt, rings)
  }
}

export class SimulatedLead extends Actor {
  readonly #attempt: Attempt

  constructor(sim: Simulation, attempt: Attempt, rings: Promise<Person>) {
    super(sim, attempt.number, () => rings)
    this.#attempt = attempt
  }

  get optedOut(): boolean {
    return this.#attempt.optedOut
  }

  /** The agent with whom the house has written down that they talk. */
  get connectedTo(): string | null {
    return this.#attempt.connectedTo
  }

  /** What became of the lead: the flow's disposition, or why it was not reached. */
  async disposition(within: Duration = '2m'): Promise<string> {
    await this.sim.until(`${this.name} gets a disposition`, () => this.#attempt.settled !== undefined, within)
    return this.#attempt.settled!.end
  }
}
