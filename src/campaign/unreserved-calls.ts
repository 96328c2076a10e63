/**
 * The calls of a progressive campaign for which no agent is reserved: a mode that dials ahead of its agents has dialled
 * them, before a supervisor changed the mode. Until such a call is over or has an agent, it counts as the call of one
 * free agent, so no new lead is dialled for that agent. Used by dial-reserved.ts.
 */
import type { RosterMirror } from '../agent/roster-mirror.ts'
import type { Clock } from '../base/clock.ts'
import type { Switch } from '../switch/switchboard.ts'
import { callsUnderWay, type CallsUnderWayParts } from './calls-under-way.ts'
import { PacedCalls, type LeadPlace } from './paced-calls.ts'

export interface UnreservedCallsParts extends CallsUnderWayParts {
  readonly mirror: RosterMirror
  readonly clock: Clock
  /** Calls the listener with every change of a place in a queue, until the result is disposed. */
  readonly onPlace: (listener: (place: LeadPlace) => void) => Disposable
  /** Called when one of these calls has changed. */
  readonly changed: () => void
}

export class UnreservedCalls implements Disposable {
  readonly #mirror: RosterMirror
  readonly #calls = new Map<Switch, PacedCalls>()
  readonly #listening: Disposable

  private constructor({ mirror, onPlace }: UnreservedCallsParts) {
    this.#mirror = mirror
    this.#listening = onPlace(place => {
      for (const calls of this.#calls.values()) calls.placed(place)
    })
  }

  /** `campaign`: its id. Rejects when PostgreSQL is unavailable. */
  static async open(parts: UnreservedCallsParts, campaign: string): Promise<UnreservedCalls> {
    const { clock, changed } = parts
    const unreserved = new UnreservedCalls(parts)
    try {
      for (const { at, call } of await callsUnderWay(parts, campaign)) {
        const calls = unreserved.#calls.get(at) ?? new PacedCalls(at, () => clock.now(), changed)
        unreserved.#calls.set(at, calls)
        calls.adopt(call)
      }
      return unreserved
    } catch (error) {
      unreserved[Symbol.dispose]()
      throw error
    }
  }

  /** How many of them there are at this FreeSWITCH, now. */
  countAt(at: Switch): number {
    const waiting = this.#calls.get(at)?.withoutAgent ?? []
    if (waiting.length === 0) return 0 // the usual case
    // a progressive owner before this one has reserved an agent for each of its calls
    const reserved = new Set(this.#mirror.all().flatMap(({ reservation }) => reservation?.for ?? []))
    return waiting.filter(call => !reserved.has(call)).length
  }

  /** The dial has ended without an answer, or was not made. */
  over(call: string): void {
    for (const calls of this.#calls.values()) calls.over(call)
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
    for (const calls of this.#calls.values()) calls[Symbol.dispose]()
  }
}
