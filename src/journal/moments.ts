/**
 * The moments of a call's way: what its record tells and what every figure of it (wait, ring, talk, hold) is counted from. They are
 * notes in the call's journal, so they are the same whichever node makes the record.
 *
 *   answered     without a leg: this call was picked up; with one: a telephone that was dialled for it
 *   entered      the caller takes a place in a queue
 *   promised     the queue promises them an agent
 *   dialled      a telephone is called for them: an agent's, a customer's. It rings until `answered` or `missed`
 *   missed       it was not reached; `why` is the outcome of the dialling
 *   talking      the two are joined
 *   held         one of the two puts the other on hold; `resumed`: no longer
 *   talked       the talk is over
 *   left         the flow gives the place in the queue up without a talk
 *   callback     the place was given up for a call back
 *   transferred  the flow gives the call to another extension, `to`
 */
import type { Journal } from './journal.ts'
import type { SteppedLeg } from './steps.ts'

export type MomentEvent =
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
  /** Milliseconds since the epoch, by the time that all nodes share. */
  readonly at: number
  readonly event: MomentEvent
  readonly queue?: string
  readonly agent?: string
  /** The other leg. */
  readonly leg?: string
  /** What was dialled, or the extension that the call was given to. */
  readonly to?: string
  readonly why?: string
}

/** Notes a moment, unless it is the last one that was noted of this leg: a step that is settled once more tells it again. */
export function noteMoment(
  journal: Journal,
  moment: Omit<Moment, 'at'>,
  options: { at?: number; atOnce?: boolean } = {},
): void {
  if (lastOf(journal, moment.leg)?.event !== moment.event) journal.note(moment, options)
}

/** Names the leg unless it is the call's own: what happens to a leg that was dialled stands in the journal of its call. */
export const ofOther = (leg: Pick<SteppedLeg, 'uuid' | 'steps'>): { leg?: string } =>
  leg.uuid === leg.steps.journal.uuid ? {} : { leg: leg.uuid }

/** Once for each leg: a node that goes on with a call finds its leg answered. `answeredFor`: so many milliseconds ago. */
export function noteAnswered(leg: Pick<SteppedLeg, 'uuid' | 'steps'>, answeredFor = 0): void {
  const { journal } = leg.steps
  const other = ofOther(leg)
  if (journal.notes.some(({ note }) => 'event' in note && note.event === 'answered' && note.leg === other.leg)) return
  journal.note({ event: 'answered', ...other }, { at: journal.clock.now() - answeredFor })
}

/** What was noted last of this leg (undefined: of the call itself). */
export function lastOf(journal: Journal, leg: string | undefined): Moment | undefined {
  for (const { at, note } of journal.notes.toReversed()) {
    if ('event' in note && note.leg === leg) return { at, ...note } as Moment
  }
  return undefined
}
