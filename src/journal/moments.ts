/**
 * The moments of a call. The record of the call shows them, and every figure in it (wait, ring, talk, hold) is computed
 * from them. They are notes in the call's journal, so the record is the same whichever node makes it
 * (record/call-record.ts). Verbs and queues note them.
 *
 *   answered     without a leg: this call was answered; with a leg: a telephone that was dialled for the call
 *   entered      the caller entered a queue
 *   promised     the queue reserved an agent for the caller
 *   dialled      a telephone of an agent or a customer was dialled for the call. It rings until `answered` or `missed`
 *   missed       the telephone was not reached; `why` is the dial outcome
 *   talking      the two legs were bridged
 *   held         one of the two put the other on hold; `resumed`: the hold ended
 *   talked       the bridge ended
 *   left         the flow left the queue without a conversation with an agent
 *   callback     the caller left the queue for a callback
 *   transferred  the flow transferred the call to another extension, `to`
 */
import type { Journal } from './journal.ts'
import type { SteppedLeg } from './steps.ts'

type MomentEvent =
  | 'answered'
  | 'entered'
  | 'promised'
  | 'dialled'
  | 'missed'
  | 'talking'
  | 'held'
  | 'resumed'
  | 'talked'
  | 'left'
  | 'callback'
  | 'transferred'

export interface Moment {
  /** Milliseconds since the epoch, by the clock that all nodes share. */
  readonly at: number
  readonly event: MomentEvent
  readonly queue?: string
  readonly agent?: string
  /** The uuid of the other leg; absent when the moment is about the call's own leg. */
  readonly leg?: string
  /** The number that was dialled, or the extension that the call was transferred to. */
  readonly to?: string
  readonly why?: string
}

/** Notes a moment, unless it is the last one noted for this leg: a step that is recovered reports its moment again. */
export function noteMoment(
  journal: Journal,
  moment: Omit<Moment, 'at'>,
  options: { at?: number; atOnce?: boolean } = {},
): void {
  if (lastOf(journal, moment.leg)?.event !== moment.event) journal.note(moment, options)
}

/**
 * The `leg` of a moment: the uuid of a dialled leg, nothing for the call's own. Both are in the journal of the call.
 */
export const ofOther = (leg: Pick<SteppedLeg, 'uuid' | 'steps'>): { leg?: string } =>
  leg.uuid === leg.steps.journal.uuid ? {} : { leg: leg.uuid }

/** Notes `answered` once for each leg: after a takeover it is answered already. `answeredFor`: ms since the answer. */
export function noteAnswered(leg: Pick<SteppedLeg, 'uuid' | 'steps'>, answeredFor = 0): void {
  const { journal } = leg.steps
  const other = ofOther(leg)
  if (journal.notes.some(({ note }) => 'event' in note && note.event === 'answered' && note.leg === other.leg)) return
  journal.note({ event: 'answered', ...other }, { at: journal.clock.now() - answeredFor })
}

/** The last moment of this leg (undefined: of the call itself). */
export function lastOf(journal: Journal, leg: string | undefined): Moment | undefined {
  for (const { at, note } of journal.notes.toReversed()) {
    if ('event' in note && note.leg === leg) return { at, ...note } as Moment
  }
  return undefined
}
