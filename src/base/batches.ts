/**
 * Work on many elements, a few at a time: what is read from a store is checked in one turn of the event loop, and a
 * node that reads two hundred queues at once serves nobody for 100 ms.
 */
import type { Clock } from './clock.ts'

/** Calls `work` with `size` elements at a time, each time in a turn of the event loop of its own. */
export async function inTurns<T>(
  clock: Pick<Clock, 'turn'>,
  elements: readonly T[],
  size: number,
  work: (portion: readonly T[]) => void,
): Promise<void> {
  for (let at = 0; at < elements.length; at += size) {
    if (at > 0) await new Promise<void>(done => clock.turn(done))
    work(elements.slice(at, at + size))
  }
}

/** The results in the order of the elements. `size`: so many are worked on at a time. Rejects with the first error. */
export async function inBatches<T, R>(
  elements: readonly T[],
  size: number,
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < elements.length; at += size)
    results.push(...(await Promise.all(elements.slice(at, at + size).map(work))))
  return results
}
