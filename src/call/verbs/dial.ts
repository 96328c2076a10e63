/** Reaches another person: a leg of their own, in this call's name, that ends with the scope unless the two were joined. */
import { ms, type Duration } from '../../base/duration.ts'
import { CallEnded } from '../../base/errors.ts'
import { dial as dialNumber, displayName, endpoint as parseEndpoint, ident, newUuid, varValue, type Endpoint, type Ident, type Uuid, type VarValue } from '../../esl/words.ts'
import type { Call } from '../call.ts'
import type { DialOutcome } from '../cause.ts'
import type { CallHouse } from '../house.ts'
import { step } from '../journal.ts'
import { left } from '../left.ts'
import type { Leg } from '../leg.ts'
import { originate } from '../originate.ts'

export interface DialOptions {
  /** How long it may ring. Default: the setting RING_FOR. */
  ringFor?: Duration
  /** A small flow on the other leg before anybody talks: a whisper, a consent, a PIN. `false` or a hang-up in it is 'declined'. */
  before?: (leg: Call) => Promise<boolean | void>
  /** The number shown on their telephone. Default: the caller's own. */
  callerId?: string
  callerName?: string
  /** Variables of their leg, for records and events at the switch. */
  variables?: Readonly<Record<string, string>>
}

export type Unreached = Exclude<DialOutcome, 'answered'>
export type Party = AsyncDisposable & ({ readonly leg: Call; readonly outcome: 'answered' } | { readonly leg?: undefined; readonly outcome: Unreached })

/** `target` is a telephone number or an endpoint such as user/1001. Resolves when they have answered (and `before` is through) or cannot be reached. Rejects with SwitchError LINK_DOWN when nothing can be dialled. */
export function dial(leg: Leg, house: CallHouse, target: string, options: DialOptions = {}): Promise<Party> {
  const to = parseEndpoint(/^\+?\d+$/.test(target) ? `sofia/gateway/${house.settings.gateway}/${target}` : target)
  const uuid = newUuid()
  const checked = new Map(Object.entries(options.variables ?? {}).map(([name, value]) => [ident(name), varValue(value)]))
  return step(leg, { verb: 'dial', run: () => reach(leg, house, to, uuid, options, checked) })
}

async function reach(leg: Leg, house: CallHouse, to: Endpoint, uuid: Uuid, options: DialOptions, variables: ReadonlyMap<Ident, VarValue>): Promise<Party> {
  const { ringFor, before, callerId, callerName } = options
  const shown = callerId ?? house.settings.callerId ?? leg.arrival.from
  using expected = house.door.expect(uuid)
  const { outcome, cause } = await originate(leg.home ?? house.switchboard.any(), {
    uuid,
    endpoint: to,
    flow: 'leg' as Ident,
    ringForMs: ringFor === undefined ? house.settings.ringForMs : ms(ringFor),
    callerId: /^\+?[0-9]{2,20}$/.test(shown) ? dialNumber(shown) : undefined,
    callerName: displayName(callerName ?? leg.arrival.fromName),
    variables,
    signal: left(leg),
    arrived: expected.arrived,
    clock: house.clock,
    log: house.log,
  })
  if (leg.signal.aborted) {
    if (outcome === 'answered') house.hangUp(await expected.arrived) // they answered in the moment in which the caller left
    throw leg.signal.reason
  }
  if (outcome !== 'answered') {
    house.log.info({ uuid, parent: leg.uuid, outcome, cause }, 'a party was not reached')
    return unreached(outcome)
  }
  const other = house.callOf(await expected.arrived)
  // a caller whom another node drives is dialled for there: this telephone must not stay up in silence
  void leg.moved.then(() => other.leg.phase === 'driven' && house.hangUp(other.leg))
  if (before && !(await agrees(leg, other, before, house))) return unreached('declined')
  return { leg: other, outcome, [Symbol.asyncDispose]: async () => house.hangUp(other.leg) }
}

/** Runs `before` on the other leg; their hang-up is a no. The caller's hang-up ends the other leg and rejects with CallEnded. */
async function agrees(leg: Leg, other: Call, before: NonNullable<DialOptions['before']>, house: CallHouse): Promise<boolean> {
  const callerLeft = () => house.hangUp(other.leg)
  leg.signal.addEventListener('abort', callerLeft, { once: true })
  try {
    const agreed = await before(other)
    if (agreed === false) house.hangUp(other.leg)
    return agreed !== false && !other.signal.aborted
  } catch (error) {
    if (error instanceof CallEnded && other.signal.aborted && !leg.signal.aborted) return false
    house.hangUp(other.leg)
    throw leg.signal.aborted ? leg.signal.reason : error
  } finally {
    leg.signal.removeEventListener('abort', callerLeft)
  }
}

const unreached = (outcome: Unreached): Party => ({ outcome, async [Symbol.asyncDispose]() {} })
