/**
 * How many calls a second one FreeSWITCH takes from a dialer, learned from its refusals (`sessions-per-second`,
 * `max-sessions`: it names the same cause for both). Unlimited until it refuses. Each refused call takes one off what
 * was started in that second, so the rate is right after one second; without a refusal it grows by half each second.
 * Pure, but for what it remembers. Used by dialer.ts.
 */
const WINDOW_MS = 1_000
/** The fastest campaign starts 1 000 calls a second. */
const UNLIMITED = 1_000

export class LearnedRate {
  #perSecond = Infinity
  /** When calls were started in the last second, oldest first, by the clock of `now`; ms. */
  #starts: number[] = []
  #changedAt = -Infinity

  started(calls: number, now: number): void {
    this.#forget(now)
    for (let n = 0; n < calls; n++) this.#starts.push(now)
  }

  refused(now: number): void {
    this.#forget(now)
    // a refusal that comes later than a second is one of a call that was counted before
    const most = this.#starts.length === 0 ? this.#perSecond : Math.min(this.#perSecond, this.#starts.length)
    this.#perSecond = Math.max(1, most - 1)
    this.#changedAt = now
  }

  /** How many may be started now; `againMs`: milliseconds until one more may. */
  left(now: number): { readonly calls: number; readonly againMs: number } {
    if (this.#perSecond === Infinity) return { calls: Infinity, againMs: 0 }
    this.#forget(now)
    this.#grow(now)
    const calls = this.#perSecond - this.#starts.length
    return calls > 0 ? { calls, againMs: 0 } : { calls: 0, againMs: this.#starts[-calls]! + WINDOW_MS - now }
  }

  #forget(now: number): void {
    while (this.#starts.length > 0 && this.#starts[0]! <= now - WINDOW_MS) this.#starts.shift()
  }

  #grow(now: number): void {
    while (this.#perSecond !== Infinity && now - this.#changedAt >= WINDOW_MS) {
      this.#changedAt += WINDOW_MS
      const more = Math.max(this.#perSecond + 1, Math.floor(this.#perSecond * 1.5))
      this.#perSecond = more > UNLIMITED ? Infinity : more
    }
  }
}

/** The rate of each FreeSWITCH, by whatever stands for it. */
export function learnedRates<At>(): (at: At) => LearnedRate {
  const rates = new Map<At, LearnedRate>()
  return at => {
    const rate = rates.get(at) ?? new LearnedRate()
    rates.set(at, rate)
    return rate
  }
}
