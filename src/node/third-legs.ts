/**
 * A third leg beside a talk: a supervisor who listens, or somebody whom the agent adds. FreeSWITCH mixes the sound
 * (`eavesdrop`, `three_way`), and the talk itself is not touched: so any node does it, and it outlives every node. The
 * variables of the caller's leg name the third legs, so that every node finds them. When the agent's leg ends,
 * FreeSWITCH ends the third leg; when the third leg ends, the two talk on (measured). Used by live-calls.ts.
 */
import { Refusal } from '../base/errors.ts'
import { RECORDED } from '../call/verbs/recording.ts'
import * as build from '../esl/api.ts'
import { asValue, filePath, uuid as uuidOf, type Ident, type Uuid, type VarValue } from '../esl/safe-text.ts'
import { uuidOf as uuidIn } from '../switch/channel-list.ts'
import type { Switch } from '../switch/switchboard.ts'
import { Conferences } from './conferences.ts'
import { dialPerson, type DialPersonParts } from './dial-person.ts'
import { isRefusedBySwitch } from './switch-refusal.ts'

type SupervisionMode = 'listen' | 'whisper' | 'barge'

/** The supervisor listens to the agent's leg. */
const HEARD: Readonly<Record<SupervisionMode, (typeof build.HEARD_BY)[keyof typeof build.HEARD_BY]>> = {
  listen: build.HEARD_BY.nobody,
  whisper: build.HEARD_BY['this leg'],
  barge: build.HEARD_BY.both,
}

/** The variables of the caller's leg. */
const SUPERVISOR = 'switchhook_supervisor' as Ident
const THIRD = 'switchhook_third' as Ident

/** A call that lives, on its FreeSWITCH. */
interface LiveCall {
  readonly uuid: Uuid
  readonly at: Switch
}

export class ThirdLegs {
  readonly #parts: DialPersonParts
  readonly #conferences: Conferences

  constructor(parts: DialPersonParts) {
    this.#parts = parts
    this.#conferences = new Conferences(parts)
  }

  /**
   * A supervisor listens in this mode; one who listens already changes the mode. `telephone`: the supervisor's, needed
   * for the first time. Resolves with the supervisor's leg; null without such a call. Rejects with Refusal WRONG_STATE,
   * with NOT_REACHED when the telephone does not answer, and with SwitchError.
   */
  async supervise(call: string, mode: SupervisionMode, telephone: string | undefined): Promise<string | null> {
    const live = await this.#live(call)
    if (!live) return null
    const present = await third(live, SUPERVISOR)
    if (present) await live.at.commands.run(build.uuidKey(present, HEARD[mode]))
    else if (telephone === undefined)
      throw new Refusal('WRONG_STATE', `nobody supervises call ${call} yet: give the telephone of the supervisor`)
    const leg =
      present ??
      (await this.#dial(live, telephone!, SUPERVISOR, 'eavesdrop', {
        eavesdrop_enable_dtmf: 'true', // also for the keys that this program sends
        eavesdrop_whisper_aleg: String(mode === 'barge'),
        eavesdrop_whisper_bleg: String(mode !== 'listen'),
      }))
    this.#parts.events.tell('call.supervised', {
      uuid: call,
      mode,
      leg,
      ...(telephone !== undefined && { to: telephone }),
    })
    return leg
  }

  /** The supervisor leaves; the two talk on. False when nobody supervises the call. */
  async stopSupervision(call: string): Promise<boolean> {
    const leg = await this.#endThird(call, SUPERVISOR)
    if (leg) this.#parts.events.tell('call.supervised', { uuid: call, mode: 'stop', leg })
    return leg !== null
  }

  /**
   * Dials a number or an endpoint; the person who answers talks with the two. Resolves with that leg; null without such
   * a call. Rejects as `supervise` does.
   */
  async add(call: string, to: string): Promise<string | null> {
    const live = await this.#live(call)
    if (!live) return null
    if (await third(live, THIRD)) throw new Refusal('WRONG_STATE', `three people talk in call ${call} already`)
    const leg = await this.#dial(live, to, THIRD, 'three_way', {})
    this.#parts.events.tell('call.third_party.joined', { uuid: call, leg, to })
    return leg
  }

  /** The third person leaves; the two talk on. False when there is none. */
  async drop(call: string): Promise<boolean> {
    const leg = await this.#endThird(call, THIRD)
    if (leg) this.#parts.events.tell('call.third_party.left', { uuid: call, leg })
    return leg !== null
  }

  /**
   * Dials somebody; when they answer, the talk is a conference, to which more may be invited. `name`: by which they are
   * removed. Resolves with their leg; null without such a call. Rejects as `supervise` does.
   */
  async invite(call: string, to: string, name: string): Promise<string | null> {
    const live = await this.#live(call)
    return live && this.#conferences.invite(live.at, live.uuid, to, name)
  }

  /** Somebody who was invited leaves the conference. False when nobody of this name is in it. */
  async remove(call: string, name: string): Promise<boolean> {
    const live = await this.#live(call)
    return live !== null && this.#conferences.remove(live.at, live.uuid, name)
  }

  /**
   * Masks the recording of a call: its file holds silence, as long as the call talks or until it is unmasked. Resolves
   * with the file; null without such a call. Rejects with Refusal WRONG_STATE when the call is not recorded.
   */
  async mask(call: string, on: boolean): Promise<string | null> {
    const live = await this.#live(call)
    if (!live) return null
    const path = await live.at.variable(live.uuid, RECORDED)
    const nothing = () => new Refusal('WRONG_STATE', `call ${call} is not recorded now`)
    if (!path.startsWith('/')) throw nothing()
    try {
      await live.at.commands.run(build.uuidRecord(live.uuid, on ? 'mask' : 'unmask', filePath(path)))
    } catch (error) {
      throw isRefusedBySwitch(error) ? nothing() : error
    }
    const { events } = this.#parts
    if (on) events.tell('call.recording.paused', { uuid: call, path })
    else events.tell('call.recording.resumed', { uuid: call, path })
    return path
  }

  async #live(call: string): Promise<LiveCall | null> {
    const uuid = uuidOf(call)
    const at = await this.#parts.switchboard.holder(uuid)
    return at && { uuid, at }
  }

  async #endThird(call: string, name: Ident): Promise<Uuid | null> {
    const live = await this.#live(call)
    const leg = live && (await third(live, name))
    if (live && leg) await live.at.attempt(build.uuidKill(leg, 'NORMAL_CLEARING' as Ident))
    return leg
  }

  async #dial(
    { uuid: call, at }: LiveCall,
    to: string,
    name: Ident,
    app: build.Beside['app'],
    variables: Readonly<Record<string, string>>,
  ): Promise<Uuid> {
    const agent = await at.joinedWith(call)
    if (!agent) throw new Refusal('WRONG_STATE', `the caller of call ${call} does not talk with anybody now`)
    const leg = await dialPerson(this.#parts, at, { to, flow: { app, leg: agent }, variables })
    await at.attempt(build.uuidSetvar(call, name, asValue(leg) as VarValue))
    return leg
  }
}

/** The supervisor who listens to this caller's talk; null: nobody does. */
export const supervisorOf = (at: Switch, caller: Uuid): Promise<Uuid | null> => third({ uuid: caller, at }, SUPERVISOR)

/** The third leg that this variable names, when it lives. */
async function third({ uuid, at }: LiveCall, name: Ident): Promise<Uuid | null> {
  const leg = uuidIn(await at.variable(uuid, name))
  return leg && (await at.lives(leg)) === 'yes' ? leg : null
}
