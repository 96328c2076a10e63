/** Repeats a write that must not be lost while a store is down or silent for a moment. */
import { sleep, within, type Clock } from './clock.ts'
import { SwitchhookError } from './errors.ts'

/** How often and how long to try; all values in milliseconds. */
export interface Insistence {
  /** Pause between two attempts. */
  readonly everyMs: number
  /** Limit of the whole, by the clock; an attempt without an answer counts with its duration. */
  readonly forMs: number
  /**
   * Limit of one attempt. The next attempt starts then, though the previous one may still take effect. Default:
   * `forMs`.
   */
  readonly tryMs?: number
}

/**
 * Runs `act` again after every rejection and after every attempt that exceeds `tryMs`; rejects as the last attempt did.
 * `act` must be idempotent. Rejects with SERVICE when the last attempt had no answer.
 */
export async function insist<T>(
  clock: Clock,
  act: () => Promise<T>,
  { everyMs, forMs, tryMs = forMs }: Insistence,
): Promise<T> {
  for (const until = clock.monotonic() + forMs; ; await sleep(clock, everyMs)) {
    try {
      const [limitMs, trying] = [Math.min(tryMs, until - clock.monotonic()), act()]
      if (!(await within(clock, limitMs, trying)))
        throw new SwitchhookError('SERVICE', `the store has not answered for ${Math.round(limitMs)} ms`)
      return await trying
    } catch (error) {
      if (clock.monotonic() + everyMs >= until) throw error
    }
  }
}
