/** Dials another person: their leg belongs to this call and ends with the scope of the result at the latest. */
import { ms, type Duration } from '../../base/duration.ts'
import { CallEnded } from '../../base/errors.ts'
import {
  endpointFor,
  ident,
  newUuid,
  uuid as parseUuid,
  varValue,
  type Endpoint,
  type Uuid,
} from '../../esl/safe-text.ts'
import { dialVariable } from '../../esl/variables.ts'
import type { DialOutcome } from '../../switch/hangup-cause.ts'
import { AGENT_OUTCOME } from '../agent-outcome.ts'
import type { CallContext, Occupation } from '../call-context.ts'
import type { DialReservation } from '../dial-reservation.ts'
import type { Leg } from '../leg.ts'
import { eventsIn, happenedAt, lastEvent, tellOnce } from '../../journal/call-events.ts'
import { endScope } from '../../journal/scoped-steps.ts'
import { bringParkedLeg, cancelBring } from '../bring-parked-leg.ts'
import { goesAlong, dialLeg, resumeDialLeg, type Dialling } from '../dial-leg.ts'
import { ParkedLeg } from '../parked-leg.ts'
import { step, type Steps } from '../../journal/steps.ts'
import { prolonged } from '../prolonged.ts'

/** The Call of the other person's leg, as far as this verb uses it. */
export interface OtherCall {
  readonly leg: Leg
  readonly uuid: string
  readonly signal: AbortSignal
}

/** `Other` is the Call that an author gets (call.ts). */
export interface DialOptionsOf<Other> {
  /** How long it may ring. Default: the setting RING_FOR. */
  ringFor?: Duration
  /**
   * A small flow on the other leg before the two talk: a whisper, a consent, a PIN. When it returns false, or when the
   * other person hangs up in it, the outcome is 'declined'.
   */
  before?: (leg: Other) => Promise<boolean | void>
  /** The number shown on their telephone. Default: the setting CALLER_ID, else the caller's own number. */
  callerId?: string
  /** The name shown on their telephone. Default: the caller's own name. */
  callerName?: string
  /**
   * Channel variables of their leg, for call records and FreeSWITCH's events: names of your own, and call_type,
   * accountcode, language, absolute_codec_string. InputError for any other name that FreeSWITCH acts on; a column of a
   * list of leads may have such a name.
   */
  variables?: Readonly<Record<string, string>>
}

/** Why the other person was not reached: every outcome of dial but 'answered'. */
export type Unreached = Exclude<DialOutcome, 'answered'>
/** The result of dial. The leg ends at the end of its scope at the latest. */
export type PartyOf<Other> = AsyncDisposable &
  ({ readonly leg: Other; readonly outcome: 'answered' } | { readonly leg?: undefined; readonly outcome: Unreached })

/** Other telephones ring for the same call, and the first who accepts wins (dial-first.ts). */
export interface Race {
  /** Aborts when another telephone has won, and the journal has it. */
  readonly lost: AbortSignal
  /** Called when another telephone wins: tells that this one was not reached. `dial` sets it. */
  beaten?: () => void
  /** The person at this telephone has accepted. False when another one was first. */
  wins(): boolean
  /**
   * This telephone was not reached. Returns what that means for its agent; null while another telephone of the same
   * agent rings or has won.
   */
  misses(outcome: Unreached): Unreached | null
}

/** A request to dial, checked, and what this verb does with it. */
interface Request<Other> extends Dialling {
  readonly options: DialOptionsOf<Other>
  readonly reservation: DialReservation | undefined
  readonly race: Race | undefined
  /** The mark that the agent's telephone rings, when it is being written already. */
  readonly ringing?: Promise<boolean> | undefined
  /** The leg of an agent who is nailed up, which is brought here and not dialled; null: the telephone is dialled. */
  readonly parked: Uuid | null
  readonly callOf: (leg: Leg) => Other
}

/**
 * Written to the journal before FreeSWITCH gets the command. `intended`: FreeSWITCH's run and age then; absent when
 * not known.
 */
export type DialIntent = {
  readonly uuid: string
  /** It is the leg of a nailed-up agent, which outlives the call. */
  readonly nailedUp?: true
  readonly at?: number
  readonly intended?: { readonly core: string; readonly ageMs: number }
}

/**
 * `target`: a telephone number or an endpoint such as user/1001. Resolves when the other person has answered (and
 * `before` has ended) or cannot be reached. The telephone of an agent who is nailed up does not ring. Rejects with
 * SwitchError LINK_DOWN when nothing can be dialled, with CallEnded when the caller hangs up.
 */
export function dial<Other extends OtherCall>(
  leg: Leg,
  context: CallContext,
  target: string,
  callOf: (leg: Leg) => Other,
  options: DialOptionsOf<Other> = {},
  reservation?: DialReservation,
  race?: Race,
): Promise<PartyOf<Other>> {
  const to = endpointFor(target, context.settings.gateway)
  const ringForMs =
    options.ringFor === undefined ? (reservation?.ringForMs ?? context.settings.ringForMs) : ms(options.ringFor)
  const variables = new Map(
    Object.entries(options.variables ?? {}).map(([name, value]) => [dialVariable(name), varValue(value)]),
  )
  // sends `Call-Info: …;answer-after=0`, and `;intercom=true` in the address (measured)
  if (reservation?.autoAnswer) variables.set(ident('sip_auto_answer'), varValue('true'))
  if (reservation?.alertInfo) variables.set(ident('alert_info'), varValue(reservation.alertInfo))
  const nailed = reservation?.legReturnsTo === null ? reservation.nailedLeg : null
  const parked = nailed === null ? null : parseUuid(nailed)
  const what = { to, ringForMs, options, variables, reservation, race, until: race?.lost, parked, callOf }
  const { steps } = leg
  const within = () => steps.within(number)
  const number = steps.next
  let ringing: Promise<boolean> | undefined
  return step<PartyOf<Other>, DialIntent>(leg, {
    verb: 'dial',
    args: [to],
    intent() {
      // written together with the intent: an agent waits for one answer of the store, and not for two
      ringing = reservation?.ringing()
      ringing?.catch(() => {}) // `party` awaits it, unless the call has moved or ended
      return {
        ...(parked ? { uuid: parked, nailedUp: true } : { uuid: newUuid() }),
        at: context.clock.now(),
        ...(leg.home && { intended: { ...leg.home.moment } }),
      }
    },
    run: ({ uuid, at }) =>
      party(leg, context, { ...what, at, ringing }, parseUuid(uuid), parked ? bringParkedLeg : dialLeg, within()),
    recover: ({ uuid, at, intended }) =>
      party(
        leg,
        context,
        { ...what, at },
        parseUuid(uuid),
        parked ? bringParkedLeg : (...about) => resumeDialLeg(...about, intended ?? null),
        within(),
      ),
    abandon: ({ uuid }) => cancel(leg, context, parseUuid(uuid), parked),
    save: ({ outcome, leg: other }) => ({ outcome, uuid: other?.uuid ?? null }),
    load(saved) {
      const { outcome, uuid } = saved as { outcome: Unreached; uuid: string | null }
      if (uuid === null) return unreached(outcome)
      const { door } = context
      const theirs = parked ? door.claimParked(parked, leg.home, 'talking') : door.claim(parseUuid(uuid), leg.home)
      const other = goesAlong(leg, context, theirs)
      if (!reservation) endsWith(leg, other, context.occupy(to, other.uuid))
      return reached(leg, context, other, steps, callOf)
    },
  })
}

async function party<Other extends OtherCall>(
  leg: Leg,
  context: CallContext,
  what: Request<Other>,
  uuid: Uuid,
  how: typeof dialLeg,
  within: Steps,
): Promise<PartyOf<Other>> {
  const { reservation, race, to, at, parked, callOf } = what
  const agent = reservation?.name ?? context.agentAt(to)
  const other = { leg: uuid, ...(agent === undefined ? {} : { agent }) }
  const { journal } = leg.steps
  const missed = async (outcome: Unreached, { cause, at: since }: { cause?: string; at?: number | undefined } = {}) => {
    const told = { ...other, why: outcome, ...(cause !== undefined && { cause }) }
    const isNew = tellOnce(journal, 'call.party.missed', told, happenedAt(journal, uuid, since))
    const forAgent = race ? race.misses(outcome) : outcome
    if (forAgent === null) return unreached(outcome)
    const hasLost = race !== undefined && forAgent === 'cancelled'
    if (isNew && agent !== undefined && !hasLost)
      context.events.tell('agent.missed_call', { agent, uuid: journal.uuid, why: forAgent })
    await reservation?.finished(AGENT_OUTCOME[forAgent])
    return unreached(outcome)
  }
  const past = lastEvent(journal, uuid)
  const isDialled = past !== undefined && (!parked || past.at >= at!) // a parked leg has earlier calls behind it
  if (race?.lost.aborted && isDialled) {
    await cancel(leg, context, uuid, parked)
    return missed('cancelled')
  }
  if (reservation && !(await (what.ringing ?? reservation.ringing()))) {
    await cancel(leg, context, uuid, parked) // a process that died may have dialled the agent
    if (isDialled) tellOnce(journal, 'call.party.missed', { ...other, why: 'lost' })
    race?.misses('refused')
    return unreached('refused')
  }
  if (!isDialled) journal.tell('call.party.dialled', { ...other, to }, at === undefined ? {} : { at })
  if (race) race.beaten = () => void tellOnce(journal, 'call.party.missed', { ...other, why: 'cancelled' })
  const telephone = reservation ? null : context.occupy(to, uuid)
  using away = reservation?.untilAway()
  const stops = [what.until, away?.signal].filter(signal => signal !== undefined)
  const {
    outcome,
    other: theirs,
    ...why
  } = await how(leg, context, { ...what, until: AbortSignal.any(stops) }, uuid).catch((error: unknown) => {
    telephone?.over(false)
    throw error
  })
  if (!theirs) {
    telephone?.over(false)
    return missed(outcome as Unreached, why)
  }
  if (telephone) endsWith(leg, theirs, telephone)
  const lost = async () => {
    await letGo(context, theirs)
    return missed('cancelled')
  }
  if (race?.lost.aborted) return lost()
  tellOnce(journal, 'call.party.answered', other, happenedAt(journal, uuid, parked ? undefined : theirs.times.answered))
  const { before } = what.options
  if (before) {
    using _listens = reservation && prolonged(reservation, leg, context)
    theirs.steps = within
    if (!(await agrees(leg, callOf(theirs), before, context, race?.lost)))
      return race?.lost.aborted ? lost() : missed('declined', { at: theirs.times.ended })
  }
  if (race && !race.wins()) return lost()
  return reached(leg, context, theirs, leg.steps, callOf)
}

/**
 * Dials somebody whom the agent of this call asks, and no flow. Null when they were not reached, or when `until` has
 * aborted.
 */
export async function dialColleague(
  leg: Leg,
  context: CallContext,
  to: Endpoint,
  until: AbortSignal,
  reservation?: DialReservation,
): Promise<Leg | null> {
  const ringForMs = reservation?.ringForMs ?? context.settings.ringForMs
  const callOf = (other: Leg): OtherCall => ({ leg: other, uuid: other.uuid, signal: other.signal })
  const what = { to, ringForMs, options: {}, variables: new Map(), reservation, until, callOf }
  const how = { ...what, race: undefined, parked: null }
  const reachedParty = await party(leg, context, how, newUuid(), dialLeg, leg.steps)
  return reachedParty.leg?.leg ?? null
}

/** An agent's telephone is occupied until its leg has ended. */
function endsWith({ steps: { journal } }: Leg, other: Leg, telephone: Occupation): void {
  void other.ended.then(() =>
    telephone.over(eventsIn(journal.notes).some(({ event, leg }) => event === 'call.bridged' && leg === other.uuid)),
  )
}

/**
 * Runs `before` on the other leg. A hang-up there means no. When the caller hangs up, it ends the other leg and
 * rejects with CallEnded. `lost`: another telephone was first, and the other leg ends.
 */
async function agrees<Other extends OtherCall>(
  leg: Leg,
  other: Other,
  before: NonNullable<DialOptionsOf<Other>['before']>,
  context: CallContext,
  lost: AbortSignal | undefined,
): Promise<boolean> {
  const { leg: theirs } = other
  const end = () => void letGo(context, theirs)
  // nothing that is asked of a leg that was parked has an end
  const isParked = theirs instanceof ParkedLeg ? theirs.moved.then(() => false) : new Promise<never>(() => {})
  leg.signal.addEventListener('abort', end, { once: true })
  lost?.addEventListener('abort', end, { once: true })
  try {
    const agreed = await Promise.race([before(other), isParked])
    if (leg.phase === 'moved') return await new Promise<never>(() => {})
    if (leg.signal.aborted) throw leg.signal.reason
    if (agreed === false) await letGo(context, theirs)
    return agreed !== false && !other.signal.aborted
  } catch (error) {
    if (error instanceof CallEnded && other.signal.aborted && !leg.signal.aborted) return false
    await letGo(context, theirs)
    throw leg.signal.aborted ? leg.signal.reason : error
  } finally {
    leg.signal.removeEventListener('abort', end)
    lost?.removeEventListener('abort', end)
  }
}

/** Stops the telephone that rings; the leg of a nailed-up agent is parked. */
const cancel = (leg: Leg, context: CallContext, uuid: Uuid, parked: Uuid | null): Promise<void> =>
  parked ? cancelBring(leg, context, parked) : context.cancelDial(leg, uuid)

/** This call needs the other leg no more: it is hung up. A nailed-up agent stays on the line. */
async function letGo(context: CallContext, other: Leg): Promise<void> {
  if (!(other instanceof ParkedLeg)) context.hangUp(other)
  else if (other.phase === 'talking') other.giveAway('taken') // FreeSWITCH parks it after the talk
  else if (other.phase !== 'moved') await context.release(other)
}

/** From here on, the events of the other leg belong to the steps of the flow itself. */
function reached<Other>(
  leg: Leg,
  context: CallContext,
  other: Leg,
  steps: Steps,
  callOf: (leg: Leg) => Other,
): PartyOf<Other> {
  other.steps = steps
  // whatever the flow does with this leg (it may have lost it in a Promise.all): when the caller hangs up, a leg that
  // does not talk ends
  const callerLeft = () => void (other.phase !== 'talking' && letGo(context, other))
  if (leg.signal.aborted) callerLeft()
  else leg.signal.addEventListener('abort', callerLeft, { once: true })
  return {
    leg: callOf(other),
    outcome: 'answered',
    [Symbol.asyncDispose]: () => {
      leg.signal.removeEventListener('abort', callerLeft)
      return endScope(
        leg,
        ['party'],
        () => letGo(context, other),
        () => {},
      )
    },
  }
}

export const unreached = (outcome: Unreached): PartyOf<never> => ({ outcome, async [Symbol.asyncDispose]() {} })
