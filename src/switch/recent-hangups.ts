/** The legs that ended in the last two minutes, as heard on one link: whoever looks late still learns when a call ended, and why. */
import type { Clock } from '../base/clock.ts'
import type { SwitchEvent } from '../esl/event.ts'
import type { Uuid } from '../esl/safe-text.ts'

export interface EndedLeg {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** FreeSWITCH's word, or SWITCH_CRASH: the switch ended with it; LOST: nobody heard when and why. */
  readonly cause: string
  /** The leg with which it was joined last; each join of ours begins by forgetting the one before. */
  readonly bridgedTo?: string | undefined
  /** When. Absent when it came to another extension after the talk: FreeSWITCH forgets the time then, and only the time. */
  readonly bridgedAt?: number | undefined
}

/** What a CHANNEL_HANGUP says; FreeSWITCH counts in microseconds. */
export function endOf(event: SwitchEvent, at: number): EndedLeg {
  const bridged = Math.floor(Number(event.raw('Caller-Channel-Bridged-Time') ?? 0) / 1_000)
  return {
    at,
    cause: event.get('Hangup-Cause') ?? 'NORMAL_CLEARING',
    bridgedTo: event.variable('last_bridge_to'),
    bridgedAt: bridged > 0 ? bridged : undefined,
  }
}

const KEPT_MS = 120_000
/** 160 calls a second for two minutes: 4 MB. */
const MOST = 20_000

export class RecentHangups {
  readonly #clock: Clock
  /** Oldest first; `heard` by the clock that only grows. */
  readonly #ends = new Map<Uuid, EndedLeg & { readonly heard: number }>()
  #completeSince = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(uuid: Uuid, end: EndedLeg): void {
    this.#ends.delete(uuid)
    const now = this.#clock.monotonic()
    this.#ends.set(own(uuid), {
      ...end,
      cause: own(end.cause),
      ...(end.bridgedTo === undefined ? {} : { bridgedTo: own(end.bridgedTo) }),
      heard: now,
    })
    for (const [oldest, { heard }] of this.#ends) {
      if (heard > now - KEPT_MS && this.#ends.size <= MOST) break
      this.#ends.delete(oldest)
      this.#completeSince = heard
    }
  }

  /** Of what ended after this moment nothing has been forgotten; by the clock that only grows. */
  get completeSince(): number {
    return this.#completeSince
  }

  /** The uuid lives: it came back with a new run of its switch, or was given out again. */
  forget(uuid: Uuid): void {
    this.#ends.delete(uuid)
  }

  get(uuid: Uuid): EndedLeg | null {
    return this.#ends.get(uuid) ?? null
  }

  get size(): number {
    return this.#ends.size
  }
}

/** A part of a text keeps the whole text alive (V8): 9 kB of an event for two minutes. */
const own = <T extends string>(part: T): T => ` ${part}`.slice(1) as T
