/** Finds what a call is an attempt of: a lead of a campaign (lead.ts), or a promised callback (callback.ts). */
import { retry, RETRY } from '../base/retry.ts'
import type { AttemptEnd } from '../campaign/disposition.ts'
import { saidIn } from '../journal/said.ts'
import type { FlowCall } from './flow-call.ts'

/**
 * Asks `find`, which rejects while PostgreSQL is unavailable; rejects then too. The journal of a node that has died
 * stays: it may say what became of the attempt, and reconciliation settles the attempt from it. `otherwise`: the end
 * that is noted when the journal says nothing, so that the attempt does not look like one whose person hung up.
 */
export async function findAttempt<T>(call: FlowCall, find: () => Promise<T>, otherwise?: AttemptEnd): Promise<T> {
  try {
    // after a takeover the call has an agent, or heard its message in time: what matters is that it goes on
    const policy = call.leg.steps.replaying ? RETRY.queueForCaller : RETRY.leadAnswered
    return await retry(find, { clock: call.context.clock, policy })
  } catch (error) {
    const { journal } = call.leg.steps
    const said = () =>
      saidIn(
        journal.notes.map(({ note }) => note),
        isWord,
      )
    if (otherwise && said().end === undefined) journal.note({ kind: 'disposition', disposition: otherwise })
    if (Object.keys(said()).length > 0) call.settled = Promise.resolve(false)
    throw error
  }
}

const isWord = (word: unknown): word is string => typeof word === 'string'
