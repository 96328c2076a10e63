/**
 * Listens for registrations of telephones, on every FreeSWITCH: an agent whose telephone was unreachable is offered
 * calls again.
 */
import { isUnreachable } from '../agent/rest.ts'
import { telephonesOf } from '../agent/settings.ts'
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import { retry, RETRY } from '../base/retry.ts'
import type { Log } from '../base/log.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'

export interface RegistrationParts {
  readonly switchboard: Pick<Switchboard, 'switches'>
  readonly mirror: Pick<RosterMirror, 'all'>
  readonly roster: Pick<Roster, 'registered'>
  readonly clock: Clock
  readonly log: Log
}

/** Every node receives the registration. The first one writes it to the roster; for the others nothing changes then. */
export function watchRegistrations({ switchboard, mirror, roster, clock, log }: RegistrationParts): Disposable {
  const isThere = async (name: string, endpoint: string) => {
    try {
      if (await retry(() => roster.registered(name, clock.now()), { clock, policy: RETRY.agentTelephone }))
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
  const listening = switchboard.switches.map(one =>
    one.on('registered', event => {
      const [user, host] = [event.get('from-user'), event.get('from-host')]
      for (const agent of mirror.all()) {
        const theirs = telephonesOf(agent)
        const isTheirs = theirs.includes(`user/${user}`) || theirs.includes(`user/${user}@${host}`)
        if (isTheirs && isUnreachable(agent)) void isThere(agent.name, agent.endpoint)
      }
    }),
  )
  return { [Symbol.dispose]: () => listening.forEach(one => one[Symbol.dispose]()) }
}
