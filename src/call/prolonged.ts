/**
 * Keeps an agent reserved who listens before the talk: to a whisper, or while a customer's telephone rings. A ringing
 * agent has a deadline, so that the death of a node frees the agent; listening may take longer than that.
 */
import type { CallContext } from './call-context.ts'
import type { Leg } from './leg.ts'

/** Well before the deadline of a reservation, which is renewed to 10 s or more each time (agent/agent.ts). */
const EVERY_MS = 5_000

/** Until the result is disposed, or another node has `leg`. `ringing`: DialReservation.ringing. */
export function prolonged(
  reservation: { ringing(): Promise<boolean> },
  { uuid, moved }: Leg,
  { clock, log }: Pick<CallContext, 'clock' | 'log'>,
): Disposable {
  let timer = clock.after(0, prolong)
  function prolong() {
    reservation
      .ringing()
      .catch((error: Error) => log.debug({ uuid, error: error.message }, 'a reservation was not prolonged'))
    timer = clock.after(EVERY_MS, prolong)
  }
  void moved.then(() => timer.cancel())
  return { [Symbol.dispose]: () => timer.cancel() }
}
