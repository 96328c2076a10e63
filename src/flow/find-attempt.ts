/** Finds what a call is an attempt of: a lead of a campaign (lead.ts), or a promised callback (callback.ts). */
import { retry, RETRY } from '../base/retry.ts'
import type { FlowCall } from './flow-call.ts'

/**
 * Asks `find`, which rejects while PostgreSQL is unavailable; rejects then too. The journal of the call stays: a node
 * that has died may have written what became of the attempt there, and reconciliation settles it from that.
 */
export async function findAttempt<T>(call: FlowCall, find: () => Promise<T>): Promise<T> {
  try {
    return await retry(find, { clock: call.context.clock, policy: RETRY.leadAnswered })
  } catch (error) {
    call.settled = Promise.resolve(false)
    throw error
  }
}
