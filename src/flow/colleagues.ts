/**
 * The agents whom another agent asks about a call, reserved by name for that call. The room `call` gets them as an
 * interface (call-context.ts), because reservations are the queues'.
 */
import type { Colleagues } from '../call/call-context.ts'
import { AgentReservation } from '../queue/agent-reservation.ts'
import type { Queues } from '../queue/queues.ts'
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import { waitingCall } from './queue-place.ts'

export interface ColleaguesParts {
  readonly queues: Pick<Queues, 'reserve' | 'resume'>
  readonly roster: Pick<Roster, 'get'>
  readonly clock: Clock
}

export const colleaguesOf = ({ queues, roster, clock }: ColleaguesParts): Colleagues => ({
  reserve: (leg, agent) => queues.reserve(waitingCall(leg), agent),

  async reserved(leg, name) {
    const agent = await roster.get(name, clock.now())
    if (agent?.reservation?.for !== leg.uuid) return undefined
    const { endpoint, ringForMs, reservation, dialledIn, nailed } = agent
    const onLine = dialledIn?.leg ?? nailed?.leg ?? null
    const saved = {
      ...{ name, endpoint, ringForMs, leg: onLine, epoch: reservation.epoch },
      ...(dialledIn && { flow: dialledIn.flow }),
    }
    const waiting = waitingCall(leg)
    const held = new AgentReservation(waiting, saved)
    await queues.resume(waiting, held)
    return held
  },
})
