/**
 * Conferences of four people and more: call/conference.ts tells what FreeSWITCH does. Any node invites somebody, also
 * when the node of the call has died, and FreeSWITCH ends the conference when one person is left. Somebody who is
 * invited is parked first: nobody waits alone in a conference that the others have left meanwhile. Used by
 * third-legs.ts.
 */
import { sleep } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { confer, membersOf } from '../call/conference.ts'
import * as build from '../esl/api.ts'
import type { Ident, Uuid } from '../esl/safe-text.ts'
import type { Switch } from '../switch/switchboard.ts'
import { dialPerson, type DialPersonParts } from './dial-person.ts'

/** The variable of a leg that was invited: by which name. */
const INVITED = 'switchhook_invited'
/** Seconds after which FreeSWITCH ends a leg that was answered, and that no node has brought into the conference. */
const PARKED_SECONDS = 10
/** Legs move within a media tick; a leg that has ended does not arrive. */
const MOVES_MS = 1_000
const LOOK_MS = 20

export class Conferences {
  readonly #parts: DialPersonParts

  constructor(parts: DialPersonParts) {
    this.#parts = parts
  }

  /**
   * Dials `to`; when they answer, the two who talk and they are in one conference. `name`: by which `remove` knows
   * them. Resolves with their leg. Rejects with Refusal WRONG_STATE, NOT_REACHED and SwitchError.
   */
  async invite(at: Switch, call: Uuid, to: string, name: string): Promise<Uuid> {
    const { events } = this.#parts
    const talks = async () => (await at.joinedWith(call)) !== null || (await membersOf(at, call)).includes(call)
    if (!(await talks())) throw nobodyTalks(call)
    const left = () => events.tell('call.conference.left', { uuid: call, leg })
    const leg: Uuid = await dialPerson(this.#parts, at, {
      ...{ to, flow: null, left },
      variables: { [INVITED]: name, park_timeout: String(PARKED_SECONDS) },
    })
    if (!(await this.#enters(at, call, leg))) {
      await at.attempt(build.uuidKill(leg, 'NORMAL_CLEARING' as Ident))
      throw nobodyTalks(call)
    }
    events.tell('call.conference.joined', { uuid: call, leg, to })
    return leg
  }

  /** Somebody who was invited by this name leaves. False when nobody was. */
  async remove(at: Switch, call: Uuid, name: string): Promise<boolean> {
    for (const leg of await membersOf(at, call)) {
      if ((await at.variable(leg, INVITED).catch(() => '')) !== name) continue
      return at.attempt(build.uuidKill(leg, 'NORMAL_CLEARING' as Ident))
    }
    return false
  }

  /** False when the others have left. */
  async #enters(at: Switch, call: Uuid, leg: Uuid): Promise<boolean> {
    const isOn = (await membersOf(at, call)).includes(call)
    if (!isOn && !((await confer(at, call)) && (await this.#until(at, call, call)))) return false
    return (await at.attempt(build.uuidEnter(leg, call))) && this.#until(at, call, leg, 2)
  }

  /** Resolves when this leg is in the conference, which has so many members by then; false: not within a second. */
  async #until(at: Switch, call: Uuid, leg: Uuid, least = 1): Promise<boolean> {
    const { clock } = this.#parts
    const end = clock.monotonic() + MOVES_MS
    for (;;) {
      const members = await membersOf(at, call)
      if (members.includes(leg) && members.length >= least) return true
      if (clock.monotonic() >= end) return false
      await sleep(clock, LOOK_MS)
    }
  }
}

const nobodyTalks = (call: string) =>
  new Refusal('WRONG_STATE', `the caller of call ${call} does not talk with anybody now`)
