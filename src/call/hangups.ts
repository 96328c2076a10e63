/** The legs that ended in the last two minutes, as heard on one link: whoever looks late still learns when a call ended, and why. */
import type { Clock } from '../base/clock.ts'
import type { Uuid } from '../esl/words.ts'

export interface Ended {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** FreeSWITCH's word, or SWITCH_CRASH: the switch ended with it; LOST: nobody heard when and why. */
  readonly cause: string
}

const KEPT_MS = 120_000
/** 160 calls a second for two minutes: 3 MB. */
const MOST = 20_000

export class Hangups {
  readonly #clock: Clock
  /** Oldest first. */
  readonly #ends = new Map<Uuid, Ended>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(uuid: Uuid, end: Ended): void {
    this.#ends.delete(uuid)
    this.#ends.set(own(uuid), { at: end.at, cause: own(end.cause) })
    const stale = this.#clock.now() - KEPT_MS
    for (const [oldest, { at }] of this.#ends) {
      if (at > stale && this.#ends.size <= MOST) break
      this.#ends.delete(oldest)
    }
  }

  /** The uuid lives: it came back with a new run of its switch, or was given out again. */
  forget(uuid: Uuid): void {
    this.#ends.delete(uuid)
  }

  get(uuid: Uuid): Ended | null {
    return this.#ends.get(uuid) ?? null
  }

  get size(): number {
    return this.#ends.size
  }
}

/** A part of a text keeps the whole text alive (V8): 9 kB of an event for two minutes. */
const own = <T extends string>(part: T): T => ` ${part}`.slice(1) as T
