/**
 * What a process finds out about a talk that another process had: who talked with the caller, by the journal, the
 * agents' records and FreeSWITCH. Used by talk.ts.
 */
import { uuid as uuidOf } from '../esl/safe-text.ts'
import { eventsIn } from '../journal/call-events.ts'
import type { CallContext } from './call-context.ts'
import { goesAlong } from './dial-leg.ts'
import type { DialReservation } from './dial-reservation.ts'
import type { Leg } from './leg.ts'
import { parkedLeg } from './parked-leg.ts'

/** Somebody with whom the caller talks, or with whom that one consults. */
export interface Partner {
  readonly leg: Leg
  readonly reservation?: DialReservation | undefined
}

export class TalkPast {
  readonly #leg: Leg
  readonly #context: CallContext
  readonly #first: Partner
  readonly #since: number

  /** `first`: with whom the caller was to talk first; `since`: the intent of the join, milliseconds since the epoch. */
  constructor(leg: Leg, context: CallContext, first: Partner, since: number) {
    this.#leg = leg
    this.#context = context
    this.#first = first
    this.#since = since
  }

  /** Did the caller talk with this leg in this talk? */
  has(uuid: string): boolean {
    return (
      uuid === this.#first.leg.uuid || this.#events.some(({ event, leg }) => event === 'call.bridged' && leg === uuid)
    )
  }

  /** The person on this leg. An end that this process did not hear of is found out. */
  async partner(name: string): Promise<Partner> {
    const uuid = uuidOf(name)
    if (uuid === this.#first.leg.uuid) {
      await isTalking(this.#first.leg)
      return this.#first
    }
    const reservation = await this.#reservationAt(uuid)
    const { home } = this.#leg
    const isNailed = home !== null && reservation?.nailedLeg === uuid
    const leg = isNailed
      ? parkedLeg(uuid, home, this.#context, reservation.legReturnsTo)
      : this.#context.door.claim(uuid, home)
    await isTalking(leg)
    return { leg: isNailed ? leg : goesAlong(this.#leg, this.#context, leg), reservation }
  }

  /** The agents who were asked for and are not among these: the process has died before they could talk. */
  async freeOthers(here: readonly (Partner | null)[]): Promise<void> {
    const names = here.map(one => one?.reservation?.name)
    for (const agent of this.#asked)
      if (!names.includes(agent)) await (await this.#context.reservedFor(this.#leg, agent))?.finished('caller-left')
  }

  /** The agent on this leg: it was dialled for the agent, or is nailed up. */
  async #reservationAt(uuid: string): Promise<DialReservation | undefined> {
    const dialled = this.#events.findLast(one => one.leg === uuid && one.agent)?.agent
    if (dialled !== undefined) return this.#context.reservedFor(this.#leg, dialled)
    for (const agent of this.#asked) {
      const reservation = await this.#context.reservedFor(this.#leg, agent)
      if (reservation?.nailedLeg === uuid) return reservation
    }
    return undefined
  }

  /** The names of the agents who were asked for. */
  get #asked(): Set<string> {
    return new Set(this.#events.flatMap(one => (one.event === 'call.consultation.requested' ? (one.agent ?? []) : [])))
  }

  get #events() {
    return eventsIn(this.#leg.steps.journal.notes.filter(noted => noted.at >= this.#since))
  }
}

/** It is not missing: it talks, or it is on its way here. */
async function isTalking(leg: Leg): Promise<void> {
  leg.letTalk()
  if ((await leg.home?.lives(leg.uuid)) === 'no') leg.end('LOST')
}
