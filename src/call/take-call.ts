/**
 * The questions to the call store when FreeSWITCH connects a call. No caller waits for a store that is away: the call
 * is served without it.
 */
import type { Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import { retry, RETRY } from '../base/retry.ts'
import type { Log } from '../base/log.ts'
import type { Uuid } from '../esl/safe-text.ts'
import { lineOf, type Begin } from '../journal/entries.ts'
import type { CallStore, Owner, Taken } from '../journal/call-store.ts'

export interface TakeCallParts {
  readonly calls?: CallStore | undefined
  readonly clock: Clock
  readonly log: Log
}

/**
 * Makes this node the owner of the call. Null when that cannot be written, or there is no store: the call is served
 * all the same.
 */
export async function takeCall(
  { calls, clock, log, node }: TakeCallParts & { readonly node: string },
  begin: Begin,
  driven: boolean,
): Promise<Taken | null> {
  if (!calls) return null
  const { uuid } = begin.arrival
  try {
    const ask = () => calls.take(uuid, node, lineOf(begin))
    return await (driven ? retry(ask, { clock, policy: RETRY.takeDrivenCall }) : ask())
  } catch (error) {
    if (!(error instanceof SwitchhookError)) throw error
    log.warn(
      { uuid, error: error.message },
      'owner of a call could not be stored; the call is served, but other nodes cannot see that this node drives it',
    )
    return null
  }
}

/** The owner of a call; null: it has none, or the store cannot answer. */
export async function ownerIfKnown({ calls }: Pick<TakeCallParts, 'calls'>, uuid: Uuid): Promise<Owner | null> {
  try {
    return (await calls?.owner(uuid)) ?? null
  } catch (error) {
    if (!(error instanceof SwitchhookError)) throw error
    return null
  }
}

/** Has any node driven this call before? True when the store cannot answer. */
export async function isDriven({ calls }: Pick<TakeCallParts, 'calls'>, uuid: Uuid): Promise<boolean> {
  try {
    return ((await calls?.owner(uuid)) ?? null) !== null
  } catch (error) {
    if (!(error instanceof SwitchhookError)) throw error
    return true
  }
}
