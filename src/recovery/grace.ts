/**
 * Grace periods of reconciliation: which differences it has found, and since when. It acts upon hardly any difference
 * at first sight, because the change that resolves it may be under way. One node acts before the others, chosen by a
 * hash of the call's uuid; when that node does not act, the next one does TURN_MS later. Used by every file in
 * recovery/.
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

  /** The difference `what` exists now. True when every reconciliation of the last `ms` milliseconds has found it. */
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

  /** A reconciliation begins. */
  begin(): void {
    this.#seen.clear()
    this.#due = Infinity
  }

  /** The next reconciliation must come within `ms` milliseconds. */
  soon(ms: number): void {
    this.#due = Math.min(this.#due, ms)
  }

  /**
   * The reconciliation is over: drops what it has not found. Returns the milliseconds until the next grace period ends.
   */
  end(): number {
    for (const what of this.#since.keys()) if (!this.#seen.has(what)) this.#since.delete(what)
    return this.#due
  }
}

/** Milliseconds that `node` waits for other nodes before it acts upon this call. 0 for the first node. */
export function turnOf(uuid: string, node: string, others: readonly string[]): number {
  const mine = weight(uuid, node)
  return others.filter(other => other !== node && weight(uuid, other) > mine).length * TURN_MS
}

/** FNV-1a hash: the same on every node, evenly spread. */
function weight(uuid: string, node: string): number {
  let hash = 0x811c9dc5
  for (const text of [node, uuid])
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0
  return hash
}
