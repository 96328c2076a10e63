/**
 * What does not look right, and since when. Hardly anything is acted upon at first sight, for it may be on its way to being right; and
 * one node acts before the others: which one, differs from call to call, and if that one does not, the next one does a little later.
 */
import type { Clock } from '../base/clock.ts'

/** Between the first node's turn and the next one's. */
const TURN_MS = 5_000

export class GracePeriods {
  readonly #clock: Clock
  readonly #since = new Map<string, number>()
  readonly #seen = new Set<string>()
  #due = Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** It is seen now. True when it has been seen in every look for so many milliseconds. */
  lasted(what: string, ms: number): boolean {
    const now = this.#clock.monotonic()
    const since = this.#since.get(what) ?? now
    this.#since.set(what, since)
    this.#seen.add(what)
    const left = since + ms - now
    if (left < 1) return true // a timer may be early by less than a millisecond
    this.#due = Math.min(this.#due, left)
    return false
  }

  /** A look begins. */
  begin(): void {
    this.#seen.clear()
    this.#due = Infinity
  }

  /** The next look comes within so many milliseconds. */
  soon(ms: number): void {
    this.#due = Math.min(this.#due, ms)
  }

  /** The look is over: what was not seen in it is forgotten. Gives the milliseconds until something will have lasted long enough. */
  end(): number {
    for (const what of this.#since.keys()) if (!this.#seen.has(what)) this.#since.delete(what)
    return this.#due
  }
}

/** Milliseconds that `node` leaves to the others before it acts upon this call. */
export function turnOf(uuid: string, node: string, others: readonly string[]): number {
  const mine = weight(uuid, node)
  return others.filter(other => other !== node && weight(uuid, other) > mine).length * TURN_MS
}

/** FNV-1a: the same on every node, evenly spread. */
function weight(uuid: string, node: string): number {
  let hash = 0x811c9dc5
  for (const text of [node, uuid])
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0
  return hash
}
