/** What agents do and what happens to them. */
import { event } from './event.ts'
import * as field from './fields.ts'

const { agent, before } = field

export const agentEvents = {
  'agent.status_changed': event({
    version: 1,
    what: 'an agent chose a status, or was given one',
    toldBy: 'agent',
    level: 'info',
    data: { agent, status: field.status, before, reason: field.reason.optional() },
  }),
  'agent.state_changed': event({
    version: 1,
    what: 'the state of an agent changed',
    toldBy: 'agent',
    level: 'debug',
    data: { agent, state: field.state, before, uuid: field.uuid.optional() },
  }),
  'agent.break_exceeded': event({
    version: 1,
    what: 'a break has lasted longer than its reason allows',
    toldBy: 'agent',
    level: 'info',
    data: { agent, reason: field.reason.optional() },
  }),
  'agent.disposition_given': event({
    version: 1,
    what: 'an agent said what came of a call',
    toldBy: 'agent',
    level: 'info',
    data: { agent, uuid: field.uuid, disposition: field.disposition },
  }),
  'agent.missed_call': event({
    version: 1,
    what: 'an agent was called for a caller and not reached',
    toldBy: 'call',
    level: 'debug',
    data: { agent, uuid: field.uuid, why: field.why },
  }),
}
