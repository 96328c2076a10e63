/** What happens to a caller in a queue. */
import { event, timelineEvent } from './event.ts'
import * as field from './fields.ts'

const { uuid, queue, agent, waitedMs } = field

export const queueEvents = {
  'queue.call.entered': timelineEvent({
    version: 1,
    what: 'a caller entered a queue',
    toldBy: 'flow',
    level: 'debug',
    data: { uuid, queue, movedFrom: field.movedFrom.optional() },
  }),
  'queue.call.refused': timelineEvent({
    version: 1,
    what: 'a caller was not let into a queue',
    toldBy: 'flow',
    level: 'debug',
    data: { uuid, queue, why: field.why },
  }),
  'queue.call.announced': timelineEvent({
    version: 1,
    what: 'a caller heard an announcement while waiting',
    toldBy: 'flow',
    level: 'debug',
    data: { uuid, queue, said: field.said },
  }),
  'queue.call.offered': timelineEvent({
    version: 1,
    what: 'a queue reserved an agent for a caller or a lead',
    toldBy: 'flow',
    level: 'info',
    data: { uuid, queue, agent },
  }),
  'queue.call.answered': event({
    version: 1,
    what: 'a caller or a lead talks with the agent whom the queue reserved',
    toldBy: 'call',
    level: 'debug',
    data: { uuid, queue, agent, waitedMs: waitedMs.optional() },
  }),
  'queue.call.left': timelineEvent({
    version: 1,
    what: 'the flow gave the place of a caller in a queue up; `why`: a rule of the queue sent the caller away',
    toldBy: 'flow',
    level: 'debug',
    data: { uuid, queue, why: field.why.optional() },
  }),
  'queue.call.callback_requested': timelineEvent({
    version: 1,
    what: 'a caller left a queue for a callback',
    toldBy: 'flow',
    level: 'debug',
    data: { uuid, queue },
  }),
  'queue.message.left': event({
    version: 1,
    what: 'a caller whom a queue sent to a voice mailbox has left a message there',
    toldBy: 'directory',
    level: 'info',
    data: { uuid, queue, mailbox: field.mailbox, from: field.from.optional(), lasted: field.messageMs },
  }),
  'queue.messages.changed': event({
    version: 1,
    what: 'the messages in a voice mailbox to which a queue sends callers have changed: one is new, or was heard or deleted',
    toldBy: 'directory',
    level: 'debug',
    data: { queue, mailbox: field.mailbox, waiting: field.waiting, heard: field.heard },
  }),
  'queue.call.abandoned': event({
    version: 1,
    what: 'a caller hung up while waiting in a queue',
    toldBy: 'record',
    level: 'debug',
    data: { uuid, queue, waitedMs },
  }),
}
