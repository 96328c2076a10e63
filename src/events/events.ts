/** How rooms tell events. The composition decides who hears them: now the log, and in tests the test. */
import type { Log } from '../base/log.ts'
import { CATALOGUE, type EventData, type EventName } from './catalogue.ts'

export interface Events {
  /** Returns at once and never throws. The types hold the data to the catalogue; nothing is checked at run time. */
  tell<N extends EventName>(name: N, data: EventData<N>): void
}

/** Nobody hears these: for legs without a call, warm-up calls and tests. */
export const silentEvents: Events = { tell() {} }

/** Tells each event to both, in this order. */
export const toBoth = (one: Events, other: Events): Events => ({
  tell(name, data) {
    one.tell(name, data)
    other.tell(name, data)
  },
})

/** Writes each event to the log: the catalogue has its level and its text, the fields are its data. */
export function logEvents(log: Log): Events {
  return {
    tell(name, data) {
      const { level, what } = CATALOGUE[name]
      log[level](data as object, what)
    },
  }
}
