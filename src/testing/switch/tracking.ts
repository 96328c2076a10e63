/**
 * Recovery of calls after a crash of FreeSWITCH. A profile with `track-calls` stores its answered legs
 * (switch_core_recovery_track), and `sofia recover` restores them after the restart (switch_core_sqldb.c,
 * recover_callback). FreeSWITCH stores a leg:
 * - when it is answered,
 * - when it enters an extension (by a transfer; a takeover continues in the same extension),
 * - at the start and at the end of a talk.
 * Changes after that are lost. Measured on 1.10.12 with a far end that survives.
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

/** Time until the far end refuses the new INVITE of a dialogue that it has already ended. */
const REFUSAL_MS = 20

export class Tracking {
  readonly #sim: SimulatedSwitch
  readonly #rows = new Map<string, Tracked>()
  readonly #on: boolean

  constructor(sim: SimulatedSwitch, on: boolean) {
    this.#sim = sim
    this.#on = on
  }

  /** Stores the current state of an answered SIP leg. */
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

  /** True when this leg can be recovered. Then its far end does not notice that FreeSWITCH has died. */
  keeps(channel: Channel): boolean {
    return this.#rows.has(channel.uuid)
  }

  /** `sofia recover`: recovers the legs of earlier runs of FreeSWITCH. Returns how many. */
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

  /** Ends tracking: no leg can be recovered any more, and the far ends are hung up. */
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
    // a recovered leg keeps the time of its answer, but its time of creation is new
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
