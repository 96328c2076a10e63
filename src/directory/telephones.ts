/**
 * Finds the agent of a telephone, and occupies the agent while a leg of Switchhook is at that telephone without a
 * reservation (click-to-dial, or a flow dials it): from the first ring to the end of the leg, queues do not offer the
 * agent. When this process dies in between, reconciliation finds the leg ended and frees the agent
 * (recovery/stale-records.ts). Used by call/verbs/dial.ts through CallContext.
 */
import { agentSetting } from '../agent/settings.ts'
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import { retry, RETRY } from '../base/retry.ts'
import type { Log } from '../base/log.ts'
import type { Occupation, Telephones } from '../call/call-context.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import { telephonesOfUser } from './phone-users.ts'

export interface TelephonesParts {
  readonly mirror: Pick<RosterMirror, 'at'>
  readonly roster: Pick<Roster, 'occupy' | 'vacate'>
  /** Do agents have a wrap-up after a talk without a reservation? (setting WRAP_UP_AFTER_DIAL) */
  readonly wrapUp: boolean
  readonly clock: Clock
  readonly log: Log
}

export function agentTelephones({ mirror, roster, wrapUp, clock, log }: TelephonesParts): Telephones {
  const tell = async (leg: string, agent: string, act: () => Promise<unknown>) => {
    try {
      await retry(act, { clock, policy: RETRY.agentTelephone })
    } catch (error) {
      log.warn(
        { uuid: leg, agent, error: (error as Error).message },
        'the start or end of a call at an agent could not be written; reconciliation corrects it',
      )
    }
  }
  return {
    agentAt: endpoint => mirror.at(endpoint)[0]?.name,
    agentsOf: (user, host) =>
      telephonesOfUser({ user, host })
        .flatMap(telephone => mirror.at(telephone))
        .map(agent => ({
          name: agent.name,
          jobNumber: agentSetting(agent, 'jobNumber'),
          call: agent.state === 'talking' ? (agent.reservation?.for ?? null) : null,
        })),
    occupy(endpoint, leg): Occupation {
      const agents = mirror.at(endpoint).map(({ name }) => name) // nobody who shares the telephone is offered a call
      const told = agents.map(agent => tell(leg, agent, () => roster.occupy(agent, leg, clock.now())))
      // in this order; both may run twice
      return {
        over: talked =>
          agents.forEach((agent, at) => {
            const how = at === 0 ? { talked, wrapUp } : undefined
            void told[at]!.then(() => tell(leg, agent, () => roster.vacate(agent, leg, clock.now(), how)))
          }),
      }
    },
  }
}
