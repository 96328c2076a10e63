/**
 * Rings several telephones at once. The person who accepts first wins, and all other telephones stop with LOSE_RACE, so
 * that none of them lists a missed call. Each telephone is a step `dial` of its own (dial.ts), so a takeover finds each
 * as it is.
 *
 * Telephones with the same reservation are those of one agent: the reservation ends once, with the last of them. Each
 * other agent has a reservation of their own, which ends without a penalty when somebody else wins.
 */
import { CallEnded } from '../../base/errors.ts'
import type { Leg } from '../leg.ts'
import type { CallContext } from '../call-context.ts'
import type { DialReservation } from '../dial-reservation.ts'
import { LOST_RACE } from '../../switch/originate.ts'
import { dial, unreached, type DialOptionsOf, type OtherCall, type PartyOf, type Race, type Unreached } from './dial.ts'

/** The outcome of several telephones that were not reached is the first of these that one of them had. */
const WEIGHT: readonly Unreached[] = [
  'declined',
  'busy',
  'cancelled',
  'no-answer',
  'failed',
  'lost',
  'refused',
  'invalid',
]

/** One telephone that rings. */
interface Telephone {
  readonly reservation: DialReservation | undefined
  /** Null while it rings. */
  outcome: Unreached | 'won' | null
  readonly stop: AbortController
  readonly race: Race
}

/** One telephone, or several of one agent, which ring at once. */
export async function dialFirst<Other extends OtherCall>(
  leg: Leg,
  context: CallContext,
  targets: readonly string[],
  callOf: (leg: Leg) => Other,
  options?: DialOptionsOf<Other>,
  reservation?: DialReservation,
): Promise<PartyOf<Other>> {
  const [only, ...others] = targets
  if (only !== undefined && others.length === 0) return dial(leg, context, only, callOf, options, reservation)
  const ringing = new DialFirst(leg, context, callOf, options)
  for (const target of targets) void ringing.add(target, reservation)
  return ringing.first()
}

export class DialFirst<Other extends OtherCall> {
  readonly #leg: Leg
  readonly #context: CallContext
  readonly #callOf: (leg: Leg) => Other
  readonly #options: DialOptionsOf<Other>
  readonly #telephones: Telephone[] = []
  readonly #dials = new Set<Promise<unknown>>()
  readonly #result: Promise<PartyOf<Other>>
  #resolve!: (party: PartyOf<Other>) => void
  #reject!: (error: unknown) => void
  #fault: unknown = null
  #complete = false

  /** `options` are those of `dial`, for each telephone. */
  constructor(leg: Leg, context: CallContext, callOf: (leg: Leg) => Other, options: DialOptionsOf<Other> = {}) {
    this.#leg = leg
    this.#context = context
    this.#callOf = callOf
    this.#options = options
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#result.catch(() => {}) // `first` returns it
  }

  /**
   * Rings one more telephone, a number or an endpoint. Does so also while others ring; when one has won, it does not
   * ring. A step of the flow: what leads to it must be one too. Resolves with the result of this telephone alone: with
   * its leg when it has won.
   *
   * @throws InputError at once, for a target that cannot be dialled
   */
  add(target: string, reservation?: DialReservation): Promise<PartyOf<Other>> {
    const stop = new AbortController()
    const race: Race = {
      lost: stop.signal,
      wins: () => this.#wins(telephone),
      misses: outcome => this.#misses(telephone, outcome),
    }
    const telephone: Telephone = { reservation, outcome: null, stop, race }
    if (this.#winner) telephone.stop.abort(LOST_RACE)
    const dialled = dial(this.#leg, this.#context, target, this.#callOf, this.#options, reservation, race)
    this.#telephones.push(telephone)
    this.#dials.add(dialled)
    const over = (then: () => void) => {
      this.#dials.delete(dialled)
      then()
      this.#check()
    }
    void dialled.then(
      party =>
        over(() => {
          if (party.outcome !== 'answered') return void (telephone.outcome ??= party.outcome)
          telephone.outcome = 'won' // a replay gets the winner from the journal
          // not before: the journal has the winner now
          for (const other of this.#telephones) if (other !== telephone) other.stop.abort(LOST_RACE)
          this.#resolve(this.#won(party))
        }),
      (error: unknown) =>
        over(() => {
          telephone.outcome ??= 'failed'
          if (error instanceof CallEnded) this.#reject(error)
          this.#fault ??= error
        }),
    )
    return dialled
  }

  /**
   * Resolves with the first who accepts; without a leg once every telephone that was added has ended without an answer,
   * with the outcome that tells most. Rejects as `dial` does.
   */
  first(): Promise<PartyOf<Other>> {
    this.#complete = true
    this.#check()
    return this.#result
  }

  get #winner(): Telephone | undefined {
    return this.#telephones.find(({ outcome }) => outcome === 'won')
  }

  #wins(telephone: Telephone): boolean {
    const winner = this.#winner
    if (winner) return winner === telephone
    telephone.outcome = 'won'
    // the journal gets this together with the winner: another node must not tell it after the talk
    for (const { outcome, race } of this.#telephones) if (outcome === null) race.beaten?.()
    return true
  }

  #misses(telephone: Telephone, outcome: Unreached): Unreached | null {
    telephone.outcome = outcome
    const { reservation } = telephone
    if (!reservation) return outcome
    const outcomes = this.#telephones.filter(one => one.reservation === reservation).map(one => one.outcome)
    return outcomes.some(one => one === null || one === 'won') ? null : worstOf(outcomes)
  }

  #check(): void {
    const outcomes = this.#telephones.map(({ outcome }) => outcome)
    if (!this.#complete || this.#dials.size > 0 || this.#winner) return
    if (this.#fault) this.#reject(this.#fault)
    else this.#resolve(unreached(worstOf(outcomes)))
  }

  /** The winner's leg ends with its scope, and the scope ends when the other telephones are silent. */
  #won(party: PartyOf<Other>): PartyOf<Other> {
    return {
      ...party,
      [Symbol.asyncDispose]: async () => {
        await party[Symbol.asyncDispose]()
        await Promise.allSettled(this.#dials)
      },
    }
  }
}

/** 'refused' for no telephone at all. */
const worstOf = (outcomes: readonly Telephone['outcome'][]): Unreached =>
  WEIGHT.find(outcome => outcomes.includes(outcome)) ?? 'refused'
