/**
 * Calls that outlive the switch: what a profile with `track-calls` writes down of its answered legs (switch_core_recovery_track), and how
 * `sofia recover` brings them back in the next life (switch_core_sqldb.c, recover_callback). A leg is written down when it is answered,
 * when it enters an extension (a transfer; not a takeover, which goes on in the same one) and at both ends of a talk: what is set later
 * is lost. Measured on 1.10.12 with a far end that survives.
 */
import type { Action, Channel } from './channel.ts'
import type { Person } from './person.ts'
import { Profile, type Direction } from './profile.ts'
import type { SimulatedSwitch } from './simulated-switch.ts'
import { stateNumber } from './states.ts'
import { live } from './thread.ts'

interface Tracked {
  readonly coreUuid: string
  readonly uuid: string
  readonly name: string
  readonly direction: Direction
  readonly variables: readonly (readonly [string, string])[]
  readonly profile: Profile
  readonly extension: readonly Action[] | undefined
  readonly bridgeOriginator: boolean
  readonly secondLeg: boolean
  readonly earlyMedia: boolean
  readonly person: Person | undefined
}

/** The far end answers the new INVITE of a dialogue that it has ended already. */
const REFUSAL_MS = 20

export class Tracking {
  readonly #sim: SimulatedSwitch
  readonly #rows = new Map<string, Tracked>()
  readonly #on: boolean

  constructor(sim: SimulatedSwitch, on: boolean) {
    this.#sim = sim
    this.#on = on
  }

  /** Writes an answered SIP leg down as it is now. */
  track(channel: Channel): void {
    if (!this.#on || !channel.answered || channel.down || channel.recovering || !channel.name.startsWith('sofia/'))
      return
    if (stateNumber(channel.state) < stateNumber('CS_SOFT_EXECUTE')) return
    const { uuid, name, direction, extension, bridgeOriginator, secondLeg, earlyMedia, person } = channel
    this.#rows.set(uuid, {
      coreUuid: this.#sim.coreUuid,
      uuid,
      name,
      direction,
      variables: [...channel.variables.entries()],
      profile: new Profile({ ...channel.profile.fields }, { ...channel.profile.times }),
      extension,
      bridgeOriginator,
      secondLeg,
      earlyMedia,
      person,
    })
  }

  untrack(channel: Channel): void {
    this.#rows.delete(channel.uuid)
  }

  /** Would this leg come back? Then its far end does not notice that the switch is gone. */
  keeps(channel: Channel): boolean {
    return this.#rows.has(channel.uuid)
  }

  /** `sofia recover`: how many legs of earlier lives were called back. */
  recover(): number {
    const fallen = [...this.#rows.values()].filter(row => row.coreUuid !== this.#sim.coreUuid)
    for (const row of fallen) this.#rows.delete(row.uuid)
    for (const row of fallen) if (!this.#sim.channels.has(row.uuid)) this.#resurrect(row)
    return fallen.length
  }

  /** `sofia recover flush`. */
  flush(): void {
    this.#rows.clear()
  }

  /** For good: nobody comes back, and the far ends are told. */
  end(): void {
    for (const { person } of this.#rows.values()) person?.lineDropped('NETWORK_OUT_OF_ORDER')
    this.#rows.clear()
  }

  #resurrect(row: Tracked): void {
    const sim = this.#sim
    const now = sim.nowMicros()
    const { fields, times } = row.profile
    const again = {
      profileIndex: '1',
      transferSource: '',
      origCallerIdName: fields.callerIdName,
      origCallerIdNumber: fields.callerIdNumber,
    }
    // the leg says when it was answered in its first life, but not when it was created
    const profile = new Profile(
      { ...fields, ...again },
      { ...times, created: now, resurrect: now, bridged: 0, lastHold: 0, holdAccum: 0 },
    )
    const channel = sim.createChannel(row.uuid, row.name, row.direction, profile)
    sim.heart.session()
    for (const [name, value] of row.variables) channel.variables.set(name, value)
    channel.variables.set('recovered', 'true')
    channel.answered = true
    channel.earlyMedia = row.earlyMedia
    channel.secondLeg = row.secondLeg
    channel.bridgeOriginator = row.bridgeOriginator
    channel.recovering = channel.variables.get('signal_bond') === undefined ? 'alone' : 'bridged'
    if (channel.recovering === 'alone') channel.extension = row.extension
    channel.person = row.person
    row.person?.reconnected(channel)
    if (row.person?.state === 'gone') channel.later(REFUSAL_MS, () => channel.hangUp('NORMAL_TEMPORARY_FAILURE'))
    channel.setState('CS_INIT')
    void live(channel)
  }
}
