/**
 * How rooms tell events. The composition decides who hears them: the log, the outbox (src/outbox/), programs that know
 * other systems' events (node/compat/), and in tests the test.
 */
import type { Log } from '../base/log.ts'
import { CATALOGUE, type EventData, type EventName } from './catalogue.ts'

/** What is known of one telling of an event. */
export interface Telling {
  /** When it happened, milliseconds since the epoch. Absent: now. */
  readonly at?: number
  /** Names the event: with the same id it may be told again, and the outbox has it once. Absent: a new one. */
  readonly id?: string
  /** A process told it that has died, perhaps before its outbox wrote it: only the outbox hears it again. */
  readonly again?: boolean
}

export interface Events {
  /** Returns at once and never throws. The types hold the data to the catalogue; nothing is checked at run time. */
  tell<N extends EventName>(name: N, data: EventData<N>, telling?: Telling): void
}

/** Nobody hears these: for legs without a call, warm-up calls and tests. */
export const silentEvents: Events = { tell() {} }

/** Tells each event to both, in this order. */
export const toBoth = (one: Events, other: Events): Events => ({
  tell(name, data, telling) {
    one.tell(name, data, telling)
    other.tell(name, data, telling)
  },
})

/** Writes each event to the log: the catalogue has its level and its text, the fields are its data. */
export function logEvents(log: Log): Events {
  return {
    tell(name, data, telling) {
      if (telling?.again === true) return
      const { level, what } = CATALOGUE[name]
      log[level](data as object, what)
    },
  }
}
