/** The special treatment of calls that another node drove before. Used by run.ts. */
import type { Clock } from '../base/clock.ts'
import type { Journal } from '../journal/journal.ts'
import type { Leg } from '../call/leg.ts'
import { uuidTransfer } from '../esl/api.ts'
import { api } from '../esl/command.ts'
import { ident } from '../esl/safe-text.ts'

/**
 * The owner store was down when this call arrived, so its flow restarted from its first line although another node had
 * driven it. The call is transferred back to the listener; there it is taken over with its journal and replayed to
 * where it was.
 */
function comesAgain(leg: Leg): void {
  leg.conversation?.post(api(uuidTransfer(leg.uuid, ident(leg.arrival.path))))
  leg.giveAway('taken') // this flow no longer drives the leg, even when the transfer could not be sent
}

/**
 * The store refuses a write of the journal. Another node took the call over; or this node took it while the store was
 * down (epoch 0).
 */
export function isLost(leg: Leg, { owner }: Journal): void {
  if (owner.epoch > 0) leg.giveAway('taken')
  else comesAgain(leg)
}

/** The takeover of a hundred calls at once comes first. Work that can wait starts after this. */
const CALM_MS = 2_000

/**
 * Resolves CALM_MS after a takeover; never when the call has moved. Resolves at once when the call has ended: until its
 * record is written the call counts as live on this node.
 */
export const untilCalm = (leg: Leg, clock: Clock): Promise<void> =>
  new Promise(resolve => {
    const timer = clock.after(CALM_MS, resolve)
    void leg.moved.then(() => timer.cancel())
    void leg.ended.then(() => {
      timer.cancel()
      resolve()
    })
  })
