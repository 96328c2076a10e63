/**
 * The leg of an agent who is on the line already, for one talk with a caller. Any node may join it with a caller on the
 * same FreeSWITCH, by its uuid. Between two talks such a leg is
 *
 *   nailed up    parked in FreeSWITCH without a connection, so that the death of a process does not affect it; when the
 *                talk ends, FreeSWITCH parks it again. A node drives it only while the agent hears the topic of a call
 *                and accepts it (bring-parked-leg.ts)
 *   dialled in   driven by a flow of its own (flow/take-caller.ts), to which it returns when the talk ends
 */
import { within, type Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { doorOf, PARKED, uuidPark, uuidPlayBeside, uuidSetvars } from '../esl/api.ts'
import { api } from '../esl/command.ts'
import { ident, type AppArgument, type Ident, type Uuid, type VarValue } from '../esl/safe-text.ts'
import { Leg } from './leg.ts'
import type { Switch } from '../switch/switchboard.ts'

/** A leg on its way to this node arrives within 30 ms (measured). */
const ARRIVES_MS = 1_000

export class ParkedLeg extends Leg {
  /** The flow to which it returns after a talk; null: FreeSWITCH parks it. */
  flow: Ident | null = null

  /** What only this person hears in the first second of the next talk; null: nothing. */
  whisper: AppArgument | null = null

  /** The two talk: whispers once, and delays nobody. When it fails, the two talk all the same. */
  whispers(): void {
    const sound = this.whisper
    this.whisper = null
    if (sound !== null) void this.home?.attempt(uuidPlayBeside(this.uuid, sound))
  }

  /** Where it goes after a talk. */
  get way(): VarValue {
    return this.flow === null ? PARKED : doorOf(this.flow)
  }

  /**
   * FreeSWITCH parks the leg, whatever it does now, and this flow gives it away. Await it before the agent is offered
   * another call: later it would cut that talk.
   */
  async park(clock: Clock): Promise<void> {
    // on its way here: its new connection would take it out of the park again
    if (this.phase === 'adrift') await within(clock, ARRIVES_MS, Promise.race([this.next('phase'), this.ended]))
    await this.home?.attempt(uuidSetvars(this.uuid, { socket_resume: 'false', switchhook_parent: '' }))
    // a connection whose end FreeSWITCH notices later than the park ends the park, and with it the leg (measured beside
    // busy programs): both leave in one write
    this.conversation?.post(api(uuidPark(this.uuid)))
    this.giveAway()
    await this.home?.attempt(uuidPark(this.uuid)) // may be repeated; its answer says that the leg is parked
  }
}

/** For one talk. It receives the leg's end until it is given away; its user gives it away when the talk is over. */
export function parkedLeg(
  uuid: Uuid,
  home: Switch,
  { clock, log }: { clock: Clock; log: Log },
  flow: string | null = null,
): ParkedLeg {
  const arrival = {
    uuid,
    path: 'leg',
    from: '',
    fromName: '',
    to: '',
    direction: 'out',
    answered: true,
    core: home.facts.core,
    socketResume: false,
    key: '',
  } as const
  const leg = new ParkedLeg({ arrival, home, clock, log, phase: 'talking' })
  leg.flow = flow === null ? null : ident(flow)
  return leg
}
