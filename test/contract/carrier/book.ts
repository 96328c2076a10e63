/**
 * What the carrier knows of the calls to the leads, beside Switchhook: how often each number was called, who answered,
 * and which person heard an agent how long after the greeting. Times: milliseconds since the epoch, by the clock of the
 * carrier's FreeSWITCH.
 */

export interface Called {
  /** Calls that have reached the carrier. */
  calls: number
  answeredAt: number | null
  /** The person has said the greeting. */
  greetedAt: number | null
  /** The person heard an agent, or was joined with one. */
  agentAt: number | null
}

export class CarrierBook {
  readonly #called = new Map<string, Called>()

  of(number: string): Called {
    const known = this.#called.get(number)
    if (known) return known
    const called = { calls: 0, answeredAt: null, greetedAt: null, agentAt: null }
    this.#called.set(number, called)
    return called
  }

  get numbers(): string[] {
    return [...this.#called.keys()]
  }

  /** Milliseconds from the greeting until the person heard an agent; null: nobody talked with them. */
  waitOf(number: string): number | null {
    const { greetedAt, agentAt } = this.of(number)
    return greetedAt === null || agentAt === null ? null : Math.round(agentAt - greetedAt)
  }
}
