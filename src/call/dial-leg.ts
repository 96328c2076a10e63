/**
 * Dials one telephone for a call, or, after a takeover, finds out what became of a telephone that another process
 * dialled.
 */
import { sleep } from '../base/clock.ts'
import { CallMoved } from '../base/errors.ts'
import { RETRY } from '../base/retry.ts'
import {
  dial as dialNumber,
  displayName,
  type Endpoint,
  type Ident,
  type Uuid,
  type VarValue,
} from '../esl/safe-text.ts'
import { outcomeOf, type DialOutcome } from '../switch/hangup-cause.ts'
import type { CallContext } from './call-context.ts'
import type { SwitchMoment } from '../switch/hangup-coverage.ts'
import { goneSignal } from './gone-signal.ts'
import type { Leg } from './leg.ts'
import { ParkedLeg } from './parked-leg.ts'
import { legStateAt } from '../switch/leg-state.ts'
import { lineFor, NO_LINE } from '../switch/gateway-lines.ts'
import { originate, type OriginateOptions, type Origination } from '../switch/originate.ts'
import type { Switch } from '../switch/switchboard.ts'

/** A request to dial, checked. */
export interface Dialling {
  readonly to: Endpoint
  readonly ringForMs: number
  readonly options: { readonly callerId?: string; readonly callerName?: string }
  readonly variables: ReadonlyMap<Ident, VarValue>
  /** When the request was made, milliseconds since the epoch; a process that has died since may have begun to dial. */
  readonly at?: number | undefined
  /** Aborts when the telephone is to stop; with the reason LOST_RACE when another one was first. */
  readonly until?: AbortSignal | undefined
}

export interface DialledLeg {
  readonly outcome: DialOutcome
  /** FreeSWITCH's cause, when they were not reached. */
  readonly cause?: string
  /** When their leg ended, when that is known. */
  readonly at?: number | undefined
  /** The other person's leg, when they have answered. */
  readonly other?: Leg
}

/**
 * Dials, once. Rejects with CallEnded when the caller leaves. Never settles when another node drives the caller: the
 * telephone rings on, for that node.
 */
export async function dialLeg(leg: Leg, context: CallContext, what: Dialling, uuid: Uuid): Promise<DialledLeg> {
  const line = await lineFor(context.switchboard, context.switchOf(leg), what.to, uuid)
  if (!line) return { outcome: 'refused', cause: NO_LINE }
  const at = await whereToDial(leg, context).catch((error: unknown) => {
    line.over()
    throw error
  })
  using expected = context.door.expect(uuid)
  const dialled = await originate(at, { ...request(leg, context, what, uuid), arrived: expected.arrived })
  if (dialled.outcome !== 'answered') line.over()
  return outcomeFor(leg, context, dialled, expected.arrived)
}

/** The FreeSWITCH of the call, once this node may dial for it. Rejects with CallMoved when it may not. */
export async function whereToDial(leg: Leg, context: CallContext): Promise<Switch> {
  await context.mayDial()
  // the node that owns the call dials
  if (!context.door.mayDrive(leg.uuid)) throw new CallMoved('this node may not dial: another node may own the call')
  return context.switchOf(leg)
}

/**
 * The process that had begun to dial has died: FreeSWITCH is asked what became of the leg. When the leg does not
 * exist, and every end since `intended` was received here, the command was never sent, and is sent now. Else the
 * outcome is 'lost': their telephone may have rung.
 */
export async function resumeDialLeg(
  leg: Leg,
  context: CallContext,
  what: Dialling,
  uuid: Uuid,
  intended: SwitchMoment | null,
): Promise<DialledLeg> {
  const at = context.switchOf(leg)
  const stands = await standing(at, uuid, intended, context)
  if (stands === 'never') return dialLeg(leg, context, what, uuid)
  if (stands === 'answered')
    return { outcome: 'answered', other: goesAlong(leg, context, context.door.claim(uuid, at)) }
  if (stands !== 'rings') return { outcome: outcomeOf(stands.cause), cause: stands.cause, at: stands.at }
  using expected = context.door.expect(uuid)
  return outcomeFor(
    leg,
    context,
    await originate(at, { ...request(leg, context, what, uuid), arrived: expected.arrived, sent: true }),
    expected.arrived,
  )
}

async function standing(
  at: Switch,
  uuid: Uuid,
  intended: SwitchMoment | null,
  context: CallContext,
): Promise<'never' | 'rings' | 'answered' | { readonly cause: string; readonly at?: number }> {
  for (;;) {
    const lives = await at.lives(uuid)
    const end = at.ended(uuid)
    if (end) return end
    if (lives === 'no') return intended && at.heardAllSince(intended) ? 'never' : { cause: 'LOST' }
    if (lives === 'yes') {
      const stands = await legStateAt(at, uuid)
      if (stands === 'answered' || stands === 'rings') return stands
      if (stands === 'gone') continue
    }
    await sleep(context.clock, RETRY.switchRequest.pauseMs)
  }
}

function request(leg: Leg, context: CallContext, what: Dialling, uuid: Uuid): OriginateOptions {
  const { callerId, callerName } = what.options
  const shown = callerId ?? context.settings.callerId ?? leg.arrival.from
  return {
    uuid,
    endpoint: what.to,
    ...context.returnRoute(leg, what.variables),
    ringForMs: what.ringForMs,
    callerId: /^\+?[0-9]{2,20}$/.test(shown) ? dialNumber(shown) : undefined,
    callerName: displayName(callerName ?? leg.arrival.fromName),
    signal: what.until ? AbortSignal.any([goneSignal(leg), what.until]) : goneSignal(leg),
    clock: context.clock,
    log: context.log,
  }
}

async function outcomeFor(
  leg: Leg,
  context: CallContext,
  { outcome, cause, at }: Origination,
  arrived: Promise<Leg>,
): Promise<DialledLeg> {
  if (leg.phase === 'moved') {
    // another node has the caller and looks for this leg itself
    if (outcome === 'answered') void arrived.then(other => other.giveAway())
    return new Promise<never>(() => {})
  }
  if (leg.signal.aborted) {
    if (outcome === 'answered') context.hangUp(await arrived) // they answered in the moment in which the caller left
    throw leg.signal.reason
  }
  if (outcome !== 'answered') {
    return { outcome, cause, at }
  }
  return { outcome, other: goesAlong(leg, context, await arrived) }
}

/**
 * A leg is needed where its caller is driven: it is fetched when it alone was lost, and goes to the next node together
 * with its caller.
 */
export function goesAlong(leg: Leg, context: CallContext, other: Leg): Leg {
  other.fetch = () => {
    if (leg.phase === 'driven') context.door.fetch(other)
    return leg.phase !== 'ended' && leg.phase !== 'moved'
  }
  void leg.moved.then(() => {
    if (other.phase === 'driven') other.giveAway()
    else if (other.phase === 'adrift' || other instanceof ParkedLeg) other.giveAway('taken')
  })
  return other
}
