/**
 * Dials one more person for a talk, on the FreeSWITCH of the talk. No node drives their leg: it goes where FreeSWITCH
 * is told to send it, so it outlives every node. Used by third-legs.ts and conferences.ts.
 */
import type { Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Telephones } from '../call/call-context.ts'
import { endpointFor, newUuid, varValue, type Dial, type Ident, type Uuid } from '../esl/safe-text.ts'
import type { Events } from '../events/events.ts'
import { lineFor } from '../switch/gateway-lines.ts'
import { originate, type OriginateOptions } from '../switch/originate.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'

export interface DialPersonParts {
  readonly switchboard: Switchboard
  readonly telephones: Telephones
  readonly ringForMs: number
  /** The gateway through which telephone numbers are dialled. */
  readonly gateway: Ident
  readonly callerId: string | undefined
  readonly clock: Clock
  readonly log: Log
  readonly events: Events
}

export interface Person {
  /** A telephone number or an endpoint. */
  readonly to: string
  readonly flow: Exclude<OriginateOptions['flow'], Ident>
  readonly variables: Readonly<Record<string, string>>
  /** Called when the leg has ended. */
  readonly left?: () => void
}

/** Resolves with the leg of the person who has answered. Rejects with NOT_REACHED, and with SwitchError. */
export async function dialPerson(parts: DialPersonParts, at: Switch, { to, left, ...how }: Person): Promise<Uuid> {
  const { switchboard, telephones, gateway, ringForMs, callerId, clock, log } = parts
  const endpoint = endpointFor(to, gateway)
  const leg = newUuid()
  const line = await lineFor(switchboard, at, endpoint, leg)
  if (!line)
    throw new SwitchhookError('NOT_REACHED', `${to} was not reached: its gateway has no free line, or is switched off`)
  const telephone = telephones.occupy(endpoint, leg)
  let answered = false
  const over = () => {
    watch[Symbol.dispose]()
    line.over()
    telephone.over(false)
    if (answered) left?.()
  }
  const watch = at.watch(leg, event => event.name === 'CHANNEL_HANGUP' && over(), over)
  const { outcome, cause } = await originate(at, {
    uuid: leg,
    endpoint,
    flow: how.flow,
    ringForMs,
    callerId: callerId as Dial | undefined,
    variables: new Map(Object.entries(how.variables).map(([key, value]) => [key as Ident, varValue(value)])),
    clock,
    log,
  })
  answered = outcome === 'answered'
  if (answered) return leg
  over()
  throw new SwitchhookError('NOT_REACHED', `${to} was not reached: ${outcome} (${cause})`)
}
