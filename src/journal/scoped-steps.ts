/** Things that begin and last until their scope ends: both ends are steps, so that a replay knows what is still open. */
import { CallEnded } from '../base/errors.ts'
import { step, type SteppedLeg } from './steps.ts'

/**
 * The end of a noun. When the call is over there is nothing to write down any more, and it is closed all the same.
 * `closed` is told when the journal knows that it was closed before.
 */
export async function endScope(
  leg: SteppedLeg,
  noun: string,
  close: () => Promise<void>,
  closed: () => void,
): Promise<void> {
  let through = false
  const once = async () => {
    if (through) return
    await close()
    through = true // not before: a step whose conversation was lost runs again
  }
  if (leg.phase === 'ended' && leg.uuid === leg.steps.journal.uuid) return once()
  try {
    await step(leg, { verb: `${noun} ends`, later: true, run: once, load: closed })
  } catch (error) {
    if (!(error instanceof CallEnded)) throw error
    await once()
  }
}
