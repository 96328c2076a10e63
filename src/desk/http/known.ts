/**
 * What was looked up in the last five seconds: so not every request asks PostgreSQL who sends it, and who is removed
 * stops soon. Keeps a thousand; the oldest go first.
 */
import type { Clock } from '../../base/clock.ts'

/** A revoked key, and a person who is removed or changed, is still taken for what it was for so long. */
const KNOWN_MS = 5_000
const MOST = 1_000
/** How often the last use of each is noted. */
const NOTED_MS = 60_000

interface Entry<T> {
  readonly value: T
  /** By the monotonic clock. */
  readonly at: number
  notedAt: number
}

export class Known<T> {
  readonly #clock: Clock
  /** The oldest first. */
  readonly #entries = new Map<string, Entry<T>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Was it found the last time? */
  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** `look` finds it; null: there is no such thing, and it is asked again the next time. */
  async get(key: string, look: () => Promise<T | null>): Promise<T | null> {
    const known = this.#entries.get(key)
    if (known && this.#clock.monotonic() - known.at < KNOWN_MS) return known.value
    const value = await look()
    this.#entries.delete(key)
    if (value === null) return null
    this.#entries.set(key, { value, at: this.#clock.monotonic(), notedAt: known?.notedAt ?? -Infinity })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MOST) break
      this.#entries.delete(oldest)
    }
    return value
  }

  /** True once a minute: its use is to be noted now. */
  isNoteDue(key: string): boolean {
    const entry = this.#entries.get(key)
    const now = this.#clock.now()
    if (!entry || now - entry.notedAt < NOTED_MS) return false
    entry.notedAt = now
    return true
  }

  forget(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
