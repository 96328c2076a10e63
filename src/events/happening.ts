/**
 * An event that is written with the change that it tells, in one transaction (store/events.ts: stageEvents), and told
 * after it. Both carry one id: when the process dies between the two, another one tells it.
 */
import { randomUUID } from 'node:crypto'
import type { EventData, EventName } from './catalogue.ts'
import { rowOf, type EventRow } from './envelope.ts'
import type { Events } from './events.ts'

export interface Happening {
  readonly row: EventRow
  tell(events: Events): void
}

/** `at`: milliseconds since the epoch. `id`: for an event that can happen once, such as the end of a call. */
export const happening = <N extends EventName>(
  name: N,
  data: EventData<N>,
  at: number,
  id: string = randomUUID(),
): Happening => ({
  row: rowOf(name, data, { id, at }),
  tell: events => events.tell(name, data, { id, at }),
})
