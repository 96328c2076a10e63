/**
 * Registrations of the agents' telephones, on every FreeSWITCH: an agent without a registered telephone is offered no
 * call, and an unreachable agent whose telephone registers is offered calls again.
 *
 * A registration counts when its event arrives. That one has ended is read from FreeSWITCH's list: a user may have
 * several telephones. The list is also read at the start, and when a link was down. Only an agent whose telephone was
 * seen registered can be without one: an installation may reach its telephones without registrations.
 */
import type { Agent } from '../agent/agent.ts'
import { telephonesOf } from '../agent/settings.ts'
import { isUnreachable } from '../agent/rest.ts'
import type { Roster } from '../agent/roster.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import type { Clock, Timer } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import { retry, RETRY } from '../base/retry.ts'
import type { Log } from '../base/log.ts'
import * as build from '../esl/api.ts'
import type { SwitchEvent } from '../esl/event.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import { mustRegister, registeredUsers, telephonesOfUser, userOfRegistration } from './phone-users.ts'

export interface RegistrationParts {
  readonly switchboard: Pick<Switchboard, 'switches' | 'isElsewhere'>
  readonly mirror: Pick<RosterMirror, 'all' | 'at' | 'loaded' | 'on'>
  readonly roster: Pick<Roster, 'registeredAt'>
  readonly clock: Clock
  readonly log: Log
}

/** Many telephones lose their registration at once; then the list is read once. */
const LOOK_AFTER_MS = 500
/** The list is also read so often, for events that were lost. */
const EVERY_MS = 60_000

/** Every node sees the same. The first one writes it to the roster; for the others nothing changes then. */
export class Registrations implements Disposable {
  readonly #parts: RegistrationParts
  readonly #listening: Disposable[]
  #timer: Timer | null = null
  #closed = false

  constructor(parts: RegistrationParts) {
    this.#parts = parts
    this.#listening = parts.switchboard.switches.flatMap(one => [
      one.on('registration', event => this.#hear(one, event)),
      one.on('back', () => this.#lookIn(0)),
    ])
    if (parts.mirror.loaded) this.#lookIn(0)
    else this.#listening.push(this.#whenLoaded())
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#timer?.cancel()
    for (const one of this.#listening) one[Symbol.dispose]()
  }

  #whenLoaded(): Disposable {
    const waiting = this.#parts.mirror.on('loaded', () => {
      waiting[Symbol.dispose]()
      this.#lookIn(0)
    })
    return waiting
  }

  #hear(at: Switch, event: SwitchEvent): void {
    if (event.get('Event-Subclass') !== 'sofia::register') return this.#lookIn(LOOK_AFTER_MS)
    const agents = telephonesOfUser(userOfRegistration(event)).flatMap(one => this.#parts.mirror.at(one))
    for (const agent of agents) void this.#tell(agent, at.facts.core, true, true)
  }

  #lookIn(ms: number): void {
    this.#timer?.cancel()
    if (!this.#closed) this.#timer = this.#parts.clock.after(ms, () => void this.#look())
  }

  async #look(): Promise<void> {
    const { switchboard, mirror } = this.#parts
    const cores = new Set(switchboard.switches.map(({ facts }) => facts.core))
    for (const one of switchboard.switches) {
      const telephones = await this.#telephonesAt(one)
      if (!telephones) continue
      for (const agent of mirror.all())
        await this.#tell(
          agent,
          one.facts.core,
          telephonesOf(agent).some(telephone => telephones.has(telephone)),
        )
    }
    // runs of FreeSWITCH that are over
    for (const agent of mirror.all())
      for (const core of agent.registeredAt ?? [])
        if (!cores.has(core) && !(await switchboard.isElsewhere(core))) await this.#tell(agent, core, false)
    this.#lookIn(EVERY_MS)
  }

  /** Null when FreeSWITCH cannot be asked: then nothing changes. */
  async #telephonesAt(one: Switch): Promise<ReadonlySet<string> | null> {
    if (!one.up) return null
    try {
      return new Set(registeredUsers(await one.ask(build.showRegistrations)).flatMap(telephonesOfUser))
    } catch (error) {
      if (!(error instanceof SwitchError) && !(error instanceof SyntaxError)) throw error
      this.#parts.log.debug({ switch: one.name, error: error.message }, 'the list of registrations could not be read')
      return null
    }
  }

  /**
   * `isNew`: the telephone has just registered. One that was registered before may be dead: FreeSWITCH lists it until
   * its registration expires.
   */
  async #tell(agent: Agent, core: string, there: boolean, isNew = false): Promise<void> {
    const { roster, clock, log } = this.#parts
    const { name, endpoint } = agent
    const known = agent.registeredAt?.includes(core) ?? false
    if (core === '' || !mustRegister(agent) || (there === known && !(isNew && agent.unreached))) return
    try {
      const tell = () => roster.registeredAt(name, core, there, clock.now())
      if ((await retry(tell, { clock, policy: RETRY.agentTelephone })) && there && isUnreachable(agent))
        log.info(
          { agent: name, endpoint },
          'the telephone of an unreachable agent registered; the agent is offered calls again',
        )
    } catch (error) {
      log.warn(
        { agent: name, endpoint, error: (error as Error).message },
        'the registration of a telephone could not be written; the agent is tried again later',
      )
    }
  }
}
