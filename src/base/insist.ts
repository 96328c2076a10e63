/** For what a store that is away, or says nothing, for a moment must not lose. */
import { sleep, within, type Clock } from './clock.ts'
import { SwitchhookError } from './errors.ts'

/** How often, and for how long. */
export interface Insistence {
  /** Between two tries, milliseconds, as all of these. */
  readonly everyMs: number
  /** In all, by the clock: a try that is not answered counts as long as it lasts. */
  readonly forMs: number
  /** So long one try is waited for; then it is tried again, though that one may still be answered. Default: `forMs`. */
  readonly tryMs?: number
}

/** Does `act` once more after every rejection, and after every try that takes too long; rejects as the last one did. It must not matter if it is done twice. */
export async function insist<T>(
  clock: Clock,
  act: () => Promise<T>,
  { everyMs, forMs, tryMs = forMs }: Insistence,
): Promise<T> {
  for (const until = clock.monotonic() + forMs; ; await sleep(clock, everyMs)) {
    try {
      const [limitMs, trying] = [Math.min(tryMs, until - clock.monotonic()), act()]
      if (!(await within(clock, limitMs, trying)))
        throw new SwitchhookError('SERVICE', `a store has not answered for ${Math.round(limitMs)} ms`)
      return await trying
    } catch (error) {
      if (clock.monotonic() + everyMs >= until) throw error
    }
  }
}
