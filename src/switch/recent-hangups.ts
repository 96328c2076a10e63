/**
 * The hang-ups of the last two minutes, as received over one event link, 20 000 at most. Switch keeps them so that code
 * that looks for a leg after its end still finds when and why the leg ended.
 */
import type { Clock } from '../base/clock.ts'
import type { SwitchEvent } from '../esl/event.ts'
import type { Uuid } from '../esl/safe-text.ts'
import { millis } from './switch-time.ts'

export interface EndedLeg {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** FreeSWITCH's cause; or SWITCH_CRASH: FreeSWITCH itself ended; or LOST: the time and cause are unknown. */
  readonly cause: string
  /**
   * The uuid of the leg that it was bridged to last; each bridge that Switchhook makes clears the previous one first.
   */
  readonly bridgedTo?: string | undefined
  /**
   * When it was bridged, ms since the epoch. Absent when the leg went to another extension after the bridge: FreeSWITCH
   * clears the time then, and nothing else.
   */
  readonly bridgedAt?: number | undefined
}

/** Reads a CHANNEL_HANGUP event. `home`: its FreeSWITCH, which knows when that was. */
export function endOf(
  event: SwitchEvent,
  home: { timeOf(event: SwitchEvent): number; sharedTime(told: number): number },
): EndedLeg {
  const bridged = millis(event.raw('Caller-Channel-Bridged-Time'))
  return {
    at: home.timeOf(event),
    cause: event.get('Hangup-Cause') ?? 'NORMAL_CLEARING',
    bridgedTo: event.variable('last_bridge_to'),
    bridgedAt: bridged > 0 ? home.sharedTime(bridged) : undefined,
  }
}

const KEPT_MS = 120_000
/** 160 calls a second for two minutes; they take 4 MB. */
const MOST = 20_000

export class RecentHangups {
  readonly #clock: Clock
  /** Oldest first; `heard` is by the monotonic clock. */
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

  /** Every hang-up received after this moment is still kept; ms by the monotonic clock. */
  get completeSince(): number {
    return this.#completeSince
  }

  /** The uuid is alive again: a new run of FreeSWITCH recovered it, or a new leg has the same uuid. */
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

/** Copies the text. V8 keeps the whole text in memory for a part of it: 9 kB of an event for two minutes. */
const own = <T extends string>(part: T): T => ` ${part}`.slice(1) as T
