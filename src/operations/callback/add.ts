import { z } from 'zod'
import { described, parsed } from '../../base/parsed.ts'
import { leadNumber, phoneNumber } from '../../esl/phone-number.ts'
import { newUuid } from '../../esl/safe-text.ts'
import { mustBeAgent } from '../agent/agent-named.ts'
import { moment } from '../fields.ts'
import { operation } from '../operation.ts'
import { mustBeQueues } from '../queue/queue-named.ts'
import { callbackId, callbackNamed, callbackShape, callbacksOf } from './callback-named.ts'

export default operation({
  name: 'callback.add',
  summary:
    'schedules a callback: at its time it has a place in the queue, and the customer is called when it is its turn',
  needs: 'stores',
  role: 'supervisor',
  positional: ['queue', 'number'],
  input: z.strictObject({
    queue: described(z.string().min(1), 'the name of the queue'),
    number: described(parsed(phoneNumber), 'the number of the customer; without a country code it is one of COUNTRY'),
    at: moment
      .optional()
      .meta({ description: 'when, such as 2026-12-01T15:30+01:00; default: now', placeholder: '<time>' }),
    agent: described(z.string().min(1), 'the agent who promised it, and is offered it first', '<name>').optional(),
    id: callbackId
      .optional()
      .meta({ description: 'an id of your own: a second one of the same id is not added', placeholder: '<uuid>' }),
  }),
  output: callbackShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  mustBeOnce: true,
  async thing(parts, { id }) {
    return id === undefined ? null : callbackNamed(parts, { id })
  },
  async run(parts, { queue: name, number: typed, at, agent, id = newUuid() }) {
    const number = leadNumber(typed, parts.country ?? null)
    const [queue] = await mustBeQueues(parts.queueStore, [name])
    if (agent !== undefined) await mustBeAgent(parts, agent)
    const callbacks = callbacksOf(parts)
    const joinedAt = at ?? parts.clock.now()
    const added = await callbacks.add({ id, queue: name, number, agent, joinedAt }, queue)
    return added ?? (await callbacks.table.withId(id))!
  },
})
