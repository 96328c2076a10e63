/** Lets two people talk. The verb lasts as long as the caller talks with anybody of this talk (call/talk.ts). */
import type { CallContext } from '../call-context.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'
import { Talk, type TalkEnd } from '../talk.ts'
import type { DialReservation } from '../dial-reservation.ts'

export type { TalkEnd }

/** Resolves when the talk is over and the caller is back. Rejects with CallEnded when the caller hung up. */
export function join(
  leg: Leg,
  playback: Playback,
  context: CallContext,
  other: Leg,
  reservation?: DialReservation,
): Promise<TalkEnd> {
  const talk = new Talk(leg, playback, context, { leg: other, reservation })
  return step<TalkEnd, { with: string; at: number }>(leg, {
    verb: 'join',
    intent: () => ({ with: other.uuid, at: context.clock.now() }),
    run: () => talk.run(),
    recover: ({ at }) => talk.recover(at),
    abandon: () => talk.abandon(),
  })
}
