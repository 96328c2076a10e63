/**
 * Scopes of a flow, such as music or a recording: they begin with one step and end with another, so that a replay knows
 * which are still open. Verbs and queue places use it.
 */
import { CallEnded } from '../base/errors.ts'
import { step, type SteppedLeg } from './steps.ts'

/**
 * Ends a scope: runs `close` as the step 'end', with `scope` as its arguments (['music', 'moh/calm']). When the call
 * has ended, `close` runs without a step, because the journal is no longer written. `closed` is called instead in a
 * replay, when the journal has that step.
 */
export async function endScope(
  leg: SteppedLeg,
  scope: readonly string[],
  close: () => Promise<void>,
  closed: () => void,
): Promise<void> {
  let through = false
  const once = async () => {
    if (through) return
    await close()
    through = true // not before `close`: a step whose connection was lost runs again
  }
  if (leg.phase === 'ended' && leg.uuid === leg.steps.journal.uuid) return once()
  try {
    await step(leg, { verb: 'end', args: scope, later: true, endsScope: true, run: once, load: closed })
  } catch (error) {
    if (!(error instanceof CallEnded)) throw error
    await once()
  }
}
