/**
 * Whose telephone stands where, and whether a leg of ours is at it that no queue promised: from the first ring of such a leg to its end its
 * agent is offered to nobody. When this process dies in between, reconciliation finds the leg ended and frees them (stale-records.ts).
 */
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import { insist } from '../base/insist.ts'
import type { Log } from '../base/log.ts'
import type { Occupation, Telephones } from '../call/call-context.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'

/** A roster that is away is told again for so long; after that reconciliation does. */
const AGAIN = { everyMs: 1_000, forMs: 30_000 }

export interface TelephonesParts {
  readonly mirror: Pick<RosterMirror, 'at'>
  readonly roster: Pick<Roster, 'occupy' | 'vacate'>
  /** Do agents have their wrap-up after a talk that no queue has given them? */
  readonly wrapUp: boolean
  readonly clock: Clock
  readonly log: Log
}

export function agentTelephones({ mirror, roster, wrapUp, clock, log }: TelephonesParts): Telephones {
  const tell = async (leg: string, agent: string, act: () => Promise<unknown>) => {
    try {
      await insist(clock, act, AGAIN)
    } catch (error) {
      log.warn(
        { uuid: leg, agent, error: (error as Error).message },
        'the roster could not be told that an agent is on a call of ours, or is no longer',
      )
    }
  }
  return {
    agentAt: endpoint => mirror.at(endpoint)?.name,
    occupy(endpoint, leg): Occupation {
      const agent = mirror.at(endpoint)?.name
      if (agent === undefined) return { over() {} }
      const told = tell(leg, agent, () => roster.occupy(agent, leg, clock.now()))
      // one after the other, and again does no harm
      return {
        over: talked =>
          void told.then(() => tell(leg, agent, () => roster.vacate(agent, leg, clock.now(), { talked, wrapUp }))),
      }
    },
  }
}
