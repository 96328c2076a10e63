/**
 * For code that acts for a leg (dials for it, waits in a queue for it): a signal that aborts when this node no longer
 * has the leg.
 */
import { CallMoved } from '../base/errors.ts'
import type { Leg } from './leg.ts'

const MOVED = 'another node drives it'

/** One for each leg: a caller may wait for many agents, one after the other. */
const signals = new WeakMap<Leg, AbortSignal>()

/** Aborts with CallEnded when the leg is hung up, with CallMoved when another node drives it. */
export function goneSignal(leg: Leg): AbortSignal {
  const known = signals.get(leg)
  if (known) return known
  const gone = new AbortController()
  signals.set(leg, gone.signal)
  const ended = () => gone.abort(leg.signal.reason)
  if (leg.signal.aborted) ended()
  else leg.signal.addEventListener('abort', ended, { once: true })
  void leg.moved.then(() => gone.abort(new CallMoved(MOVED)))
  return gone.signal
}

/** Aborts with CallMoved when another node drives the leg; a hang-up leaves it. */
export function movedSignal(leg: Leg): AbortSignal {
  const moved = new AbortController()
  void leg.moved.then(() => moved.abort(new CallMoved(MOVED)))
  return moved.signal
}
