/**
 * Brings the leg of an agent who is nailed up to the node of a call, for what the flow does with the agent before the
 * talk: a whisper, a key that accepts. Until then no process has the leg. It enters the listener as the leg of an agent
 * whose telephone was dialled does, so it finds its call when a node dies; a leg that no call claims is parked again.
 * Used by verbs/dial.ts.
 */
import { within } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import { uuidSetvars } from '../esl/api.ts'
import { varValue, type Ident, type Uuid } from '../esl/safe-text.ts'
import type { Switch } from '../switch/switchboard.ts'
import type { CallContext } from './call-context.ts'
import { goesAlong, whereToDial, type DialledLeg, type Dialling } from './dial-leg.ts'
import { goneSignal } from './gone-signal.ts'
import type { Leg } from './leg.ts'

const PARENT = 'switchhook_parent' as Ident

/**
 * Also after a takeover: a leg that is on its way to this call is awaited. Resolves as dialLeg does; with 'failed' when
 * the leg has ended, or does not come within the time to ring.
 */
export async function bringParkedLeg(
  leg: Leg,
  context: CallContext,
  { until, ringForMs }: Dialling,
  uuid: Uuid,
): Promise<DialledLeg> {
  const home = await whereToDial(leg, context)
  if ((await home.lives(uuid)) === 'no') return { outcome: 'failed' }
  const parked = goesAlong(leg, context, context.door.claimParked(uuid, home, 'adrift'))
  if (parked.phase !== 'driven' && !(await isSent(home, uuid, leg))) {
    await home.attempt(
      uuidSetvars(uuid, { park_after_bridge: 'true', [PARENT]: varValue(leg.uuid), transfer_history: '' }),
    )
    context.door.fetch(parked)
  }
  const stops = AbortSignal.any([goneSignal(leg), ...(until ? [until] : [])])
  const comes = parked.driven().catch(() => {}) // it has ended: seen below
  await within(context.clock, ringForMs, Promise.race([comes, whenAborted(stops)]))
  if (leg.phase === 'moved') return new Promise<never>(() => {})
  if (parked.phase === 'driven' && !stops.aborted) return { outcome: 'answered', other: parked }
  await context.release(parked)
  if (leg.signal.aborted) throw leg.signal.reason
  return { outcome: until?.aborted ? 'cancelled' : 'failed' }
}

/** Parks a leg that was brought to this call, unless it is parked, talks, or is another call's by now. */
export async function cancelBring(leg: Leg, context: CallContext, uuid: Uuid): Promise<void> {
  const { home } = leg
  if (home && context.door.mayDrive(leg.uuid) && (await isSent(home, uuid, leg)))
    await context.release(context.door.claimParked(uuid, home, 'talking'))
}

/** Has a node sent the leg to this call already? */
async function isSent(home: Switch, uuid: Uuid, { uuid: call }: Leg): Promise<boolean> {
  try {
    return (await home.variable(uuid, PARENT)) === call
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    return false
  }
}

const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
