/** For what a store that is away for a moment must not lose. */
import { sleep, type Clock } from '../base/clock.ts'

/** Does `act` once more after every rejection, `everyMs` later; rejects as it did last when it has for `forMs`. It must not matter if it is done twice. */
export async function insist<T>(clock: Clock, act: () => Promise<T>, { everyMs, forMs }: { everyMs: number; forMs: number }): Promise<T> {
  for (const until = clock.monotonic() + forMs; ; await sleep(clock, everyMs)) {
    try {
      return await act()
    } catch (error) {
      if (clock.monotonic() + everyMs > until) throw error
    }
  }
}
