/** What happens to a call. Its other legs are `call.party.*`. */
import { event, timelineEvent } from './event.ts'
import * as field from './fields.ts'

const { uuid, leg } = field
const agent = field.agent.optional()
const whole = { uuid, flow: field.flow, from: field.from, to: field.to, direction: field.direction }

export const callEvents = {
  'call.initiated': event({
    version: 1,
    what: 'a call began',
    toldBy: 'flow',
    level: 'info',
    data: whole,
  }),
  'call.taken_over': event({
    version: 1,
    what: 'a call was taken over',
    toldBy: 'flow',
    level: 'info',
    data: { ...whole, from_node: field.node },
  }),
  'call.answered': timelineEvent({
    version: 1,
    what: 'a call was answered',
    toldBy: 'call',
    level: 'debug',
    data: { uuid },
  }),
  'call.party.dialled': timelineEvent({
    version: 1,
    what: 'a telephone was dialled for a call',
    toldBy: 'call',
    level: 'debug',
    data: { uuid, leg, to: field.to, agent },
  }),
  'call.party.answered': timelineEvent({
    version: 1,
    what: 'a telephone that was dialled for a call was answered',
    toldBy: 'call',
    level: 'debug',
    data: { uuid, leg, agent },
  }),
  'call.party.missed': timelineEvent({
    version: 1,
    what: 'a telephone that was dialled for a call was not reached',
    toldBy: 'call',
    level: 'info',
    data: { uuid, leg, why: field.why, cause: field.cause.optional(), agent },
  }),
  'call.party.transferred': timelineEvent({
    version: 1,
    what: 'the other leg of a call was transferred to another extension',
    toldBy: 'call',
    level: 'debug',
    data: { uuid, leg, to: field.to },
  }),
  'call.bridged': timelineEvent({
    version: 1,
    what: 'a talk began: two legs were bridged',
    toldBy: 'call',
    level: 'debug',
    data: { uuid, leg, agent },
  }),
  'call.unbridged': timelineEvent({
    version: 1,
    what: 'a talk ended',
    toldBy: 'call',
    level: 'debug',
    data: { uuid, leg, agent },
  }),
  'call.held': timelineEvent({
    version: 1,
    what: 'one of two who talk put the other on hold',
    toldBy: 'call',
    level: 'debug',
    data: { uuid, leg, agent },
  }),
  'call.resumed': timelineEvent({
    version: 1,
    what: 'a hold ended',
    toldBy: 'call',
    level: 'debug',
    data: { uuid, leg, agent },
  }),
  'call.transferred': timelineEvent({
    version: 1,
    what: 'the flow transferred a call to another extension',
    toldBy: 'call',
    level: 'debug',
    data: { uuid, to: field.to },
  }),
  'call.redirected': timelineEvent({
    version: 1,
    what: 'a call goes on in another flow: it was transferred to a queue, an agent or a number',
    toldBy: 'flow',
    level: 'info',
    data: { uuid, queue: field.queue.optional(), agent, to: field.to.optional() },
  }),
  'call.recording.started': timelineEvent({
    version: 1,
    what: 'a recording of a call began',
    toldBy: 'call',
    level: 'debug',
    data: { uuid, path: field.path },
  }),
  'call.completed': event({
    version: 1,
    what: 'a call ended',
    toldBy: 'record',
    level: 'info',
    data: {
      uuid,
      flow: field.flow,
      outcome: field.outcome,
      cause: field.cause,
      hungUpBy: field.hungUpBy.nullable(),
      ms: field.lasted,
      agent: field.agent.nullable(),
      queue: field.queue.nullable(),
      from_node: field.node.optional(),
    },
  }),
}
