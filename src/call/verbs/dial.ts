/** Reaches another person: a leg of their own, in this call's name, that ends with the scope unless the two were joined. */
import { ms, type Duration } from '../../base/duration.ts'
import { CallEnded } from '../../base/errors.ts'
import {
  endpoint as parseEndpoint,
  newUuid,
  uuid as parseUuid,
  varValue,
  type Endpoint,
  type Ident,
  type Uuid,
  type VarValue,
} from '../../esl/safe-text.ts'
import { dialVariable } from '../../esl/variables.ts'
import type { Call } from '../call.ts'
import type { DialOutcome } from '../../switch/hangup-cause.ts'
import type { CallContext, Occupation } from '../call-context.ts'
import type { Leg } from '../leg.ts'
import { lastOf, noteMoment } from '../../journal/moments.ts'
import { endScope } from '../../journal/scoped-steps.ts'
import { goesAlong, dialLeg, resumeDialLeg } from '../dial-leg.ts'
import { step, type Steps } from '../../journal/steps.ts'

export interface DialOptions {
  /** How long it may ring. Default: the setting RING_FOR. */
  ringFor?: Duration
  /** A small flow on the other leg before anybody talks: a whisper, a consent, a PIN. `false` or a hang-up in it is 'declined'. */
  before?: (leg: Call) => Promise<boolean | void>
  /** The number shown on their telephone. Default: the caller's own. */
  callerId?: string
  callerName?: string
  /**
   * Variables of their leg, for records and events at the switch: names of your own, and call_type, accountcode, language,
   * absolute_codec_string. InputError for any other that FreeSWITCH acts on, as it would on some columns of a list of leads.
   */
  variables?: Readonly<Record<string, string>>
}

export type Unreached = Exclude<DialOutcome, 'answered'>
export type Party = AsyncDisposable &
  ({ readonly leg: Call; readonly outcome: 'answered' } | { readonly leg?: undefined; readonly outcome: Unreached })

/** Somebody who is promised to this call: dialling and joining them moves their promise along. */
export interface DialReservation {
  readonly name: string
  readonly ringForMs: number
  /** Their telephone is about to ring. False: the promise has lapsed, they may be somebody else's. */
  ringing(): Promise<boolean>
  /** The two talk from now on. False as above. */
  talking(): Promise<boolean>
  missed(outcome: Unreached): Promise<void>
  talked(): Promise<void>
}

/** What is asked for, checked. */
export interface Dialling {
  readonly to: Endpoint
  readonly ringForMs: number
  readonly options: DialOptions
  readonly variables: ReadonlyMap<Ident, VarValue>
  readonly reservation: DialReservation | undefined
  /** Since when, milliseconds since the epoch; a process that has died since may have begun it. */
  readonly at?: number | undefined
}

/** Written down before the switch is told. `intended`: when, by the switch's own age; absent when it was not known. */
type DialIntent = {
  readonly uuid: string
  readonly at?: number
  readonly intended?: { readonly core: string; readonly ageMs: number }
}

/** `target` is a telephone number or an endpoint such as user/1001. Resolves when they have answered (and `before` is through) or cannot be reached. Rejects with SwitchError LINK_DOWN when nothing can be dialled. */
export function dial(
  leg: Leg,
  context: CallContext,
  target: string,
  options: DialOptions = {},
  reservation?: DialReservation,
): Promise<Party> {
  const to = parseEndpoint(/^\+?\d+$/.test(target) ? `sofia/gateway/${context.settings.gateway}/${target}` : target)
  const ringForMs =
    options.ringFor === undefined ? (reservation?.ringForMs ?? context.settings.ringForMs) : ms(options.ringFor)
  const variables = new Map(
    Object.entries(options.variables ?? {}).map(([name, value]) => [dialVariable(name), varValue(value)]),
  )
  const what = { to, ringForMs, options, variables, reservation }
  const { steps } = leg
  const within = () => steps.within(number)
  const number = steps.next
  return step<Party, DialIntent>(leg, {
    verb: `dial ${to}`,
    intent: () => ({ uuid: newUuid(), at: context.clock.now(), ...(leg.home && { intended: { ...leg.home.moment } }) }),
    run: ({ uuid, at }) => party(leg, context, { ...what, at }, parseUuid(uuid), dialLeg, within()),
    recover: ({ uuid, at, intended }) =>
      party(
        leg,
        context,
        { ...what, at },
        parseUuid(uuid),
        (...about) => resumeDialLeg(...about, intended ?? null),
        within(),
      ),
    abandon: ({ uuid }) => context.cancelDial(leg, parseUuid(uuid)),
    save: ({ outcome, leg: other }) => ({ outcome, uuid: other?.uuid ?? null }),
    load(saved) {
      const { outcome, uuid } = saved as { outcome: Unreached; uuid: string | null }
      if (uuid === null) return unreached(outcome)
      const other = goesAlong(leg, context, context.door.claim(parseUuid(uuid), leg.home))
      if (!reservation) endsWith(leg, other, context.occupy(to, other.uuid))
      return reached(leg, context, other, steps)
    },
  })
}

async function party(
  leg: Leg,
  context: CallContext,
  what: Dialling,
  uuid: Uuid,
  how: typeof dialLeg,
  within: Steps,
): Promise<Party> {
  const { reservation, to, at } = what
  const agent = reservation?.name ?? context.agentAt(to)
  const other = { leg: uuid, ...(agent === undefined ? {} : { agent }) }
  const { journal } = leg.steps
  if (reservation && !(await reservation.ringing())) {
    await context.cancelDial(leg, uuid) // a process that died may have called them
    return unreached('refused')
  }
  if (!lastOf(journal, uuid)) journal.note({ event: 'dialled', ...other, to }, at === undefined ? {} : { at })
  const missed = async (outcome: Unreached) => {
    noteMoment(journal, { event: 'missed', ...other, why: outcome })
    await reservation?.missed(outcome)
    return unreached(outcome)
  }
  const telephone = reservation ? null : context.occupy(to, uuid)
  const { outcome, other: theirs } = await how(leg, context, what, uuid).catch((error: unknown) => {
    telephone?.over(false)
    throw error
  })
  if (!theirs) {
    telephone?.over(false)
    return missed(outcome as Unreached)
  }
  if (telephone) endsWith(leg, theirs, telephone)
  noteMoment(journal, { event: 'answered', ...other })
  const { before } = what.options
  if (before) {
    theirs.steps = within
    if (!(await agrees(leg, context.callOf(theirs), before, context))) return missed('declined')
  }
  return reached(leg, context, theirs, leg.steps)
}

/** The telephone of an agent is in use until its leg has ended. */
function endsWith({ steps: { journal } }: Leg, other: Leg, telephone: Occupation): void {
  void other.ended.then(() =>
    telephone.over(
      journal.notes.some(({ note }) => 'event' in note && note.event === 'talking' && note.leg === other.uuid),
    ),
  )
}

/** Runs `before` on the other leg; their hang-up is a no. The caller's hang-up ends the other leg and rejects with CallEnded. */
async function agrees(
  leg: Leg,
  other: Call,
  before: NonNullable<DialOptions['before']>,
  context: CallContext,
): Promise<boolean> {
  const callerLeft = () => context.hangUp(other.leg)
  leg.signal.addEventListener('abort', callerLeft, { once: true })
  try {
    const agreed = await before(other)
    if (agreed === false) context.hangUp(other.leg)
    return agreed !== false && !other.signal.aborted
  } catch (error) {
    if (error instanceof CallEnded && other.signal.aborted && !leg.signal.aborted) return false
    context.hangUp(other.leg)
    throw leg.signal.aborted ? leg.signal.reason : error
  } finally {
    leg.signal.removeEventListener('abort', callerLeft)
  }
}

/** What happens to the other leg from here on belongs to the flow's own line of steps. */
function reached(leg: Leg, context: CallContext, other: Leg, steps: Steps): Party {
  other.steps = steps
  // whatever the flow does with this leg (or has lost sight of it, in a Promise.all): who does not talk is let go with the caller
  const callerLeft = () => void (other.phase !== 'talking' && context.hangUp(other))
  if (leg.signal.aborted) callerLeft()
  else leg.signal.addEventListener('abort', callerLeft, { once: true })
  return {
    leg: context.callOf(other),
    outcome: 'answered',
    [Symbol.asyncDispose]: () => {
      leg.signal.removeEventListener('abort', callerLeft)
      return endScope(
        leg,
        'party',
        async () => context.hangUp(other),
        () => {},
      )
    },
  }
}

const unreached = (outcome: Unreached): Party => ({ outcome, async [Symbol.asyncDispose]() {} })
