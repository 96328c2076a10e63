/** What becomes of a promised callback. The uuid of an attempt is the uuid of its call. */
import { event } from './event.ts'
import * as field from './fields.ts'

const { uuid, callback, queue, agent, tries } = field

export const callbackEvents = {
  'callback.promised': event({
    version: 1,
    what: 'a customer was promised a callback',
    toldBy: 'queue',
    level: 'info',
    data: { callback, queue, number: field.number, due: field.due, agent: agent.optional() },
  }),
  'callback.rescheduled': event({
    version: 1,
    what: 'a callback was given another time',
    toldBy: 'queue',
    level: 'info',
    data: { callback, queue, due: field.due },
  }),
  'callback.cancelled': event({
    version: 1,
    what: 'a callback was cancelled',
    toldBy: 'queue',
    level: 'info',
    data: { callback, queue },
  }),
  'callback.attempted': event({
    version: 1,
    what: "a telephone was dialled for a callback: the agent's or the customer's",
    toldBy: 'queue',
    level: 'debug',
    data: { callback, queue, uuid, to: field.to },
  }),
  'callback.missed': event({
    version: 1,
    what: 'an attempt of a callback brought no talk; there is another one',
    toldBy: 'queue',
    level: 'info',
    data: { callback, queue, uuid, end: field.end, tries, next: field.next },
  }),
  'callback.done': event({
    version: 1,
    what: 'a customer who was promised a callback talked with an agent',
    toldBy: 'queue',
    level: 'info',
    data: { callback, queue, uuid, agent: agent.optional() },
  }),
  'callback.failed': event({
    version: 1,
    what: 'a callback was given up: its tries are used up, or there is no such number',
    toldBy: 'queue',
    level: 'info',
    data: { callback, queue, uuid, end: field.end, tries },
  }),
  'callback.expired': event({
    version: 1,
    what: 'a callback was given up: its time was over',
    toldBy: 'queue',
    level: 'info',
    data: { callback, queue, tries },
  }),
}
