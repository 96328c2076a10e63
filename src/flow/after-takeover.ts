/** What is different about a call that another node had before. */
import type { Clock } from '../base/clock.ts'
import type { Journal } from '../journal/journal.ts'
import type { Leg } from '../call/leg.ts'
import { uuidTransfer } from '../esl/api.ts'
import { api } from '../esl/command.ts'
import { ident } from '../esl/safe-text.ts'

/**
 * It came while nobody could be told whose it is, and has a past on another node: its flow was begun from its first line. It comes to the
 * door once more, is taken as it should have been, and goes on where it was.
 */
function comesAgain(leg: Leg): void {
  leg.conversation?.post(api(uuidTransfer(leg.uuid, ident(leg.arrival.path))))
  leg.giveAway('taken') // it is none of this flow's from now on; nor if nothing could be said, and it is fetched
}

/** The store refuses the journal: another node has taken the call, or this one could not be told that it has a past. */
export function isLost(leg: Leg, { owner }: Journal): void {
  if (owner.epoch > 0) leg.giveAway('taken')
  else comesAgain(leg)
}

/** A hundred calls that are taken over at once come first; what can wait does. */
const CALM_MS = 2_000

/** What can wait after a takeover has waited; not for a call that is over: until its record is written it counts as one that lives here. */
export const untilCalm = (leg: Leg, clock: Clock): Promise<void> =>
  new Promise(resolve => {
    const timer = clock.after(CALM_MS, resolve)
    void leg.moved.then(() => timer.cancel())
    void leg.ended.then(() => {
      timer.cancel()
      resolve()
    })
  })
