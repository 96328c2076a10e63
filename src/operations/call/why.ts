import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { uuid } from '../../esl/safe-text.ts'
import { offerFields } from '../../queue/queue-records.ts'
import { attemptsOf } from '../../store/attempts.ts'
import { callWithId } from '../../store/calls.ts'
import { operation } from '../operation.ts'
import { callShape } from './call-shape.ts'

const attempt = z.object({
  id: z.string(),
  intendedAt: z.date(),
  disposition: z.string().nullable(),
  /** What the agent said of it; it counts. */
  agentDisposition: z.string().nullable(),
  cause: z.string().nullable(),
  heard: z.string().nullable(),
  agent: z.string().nullable(),
})

export default operation({
  name: 'call.why',
  summary: 'what happened in one call, and why',
  needs: 'stores',
  role: 'reader',
  positional: ['call'],
  input: z.strictObject({
    call: described(parsed(uuid), 'the uuid of the call: `switchhook calls --long` and the log show it'),
  }),
  output: z.object({
    call: callShape,
    /** The decisions of queues about this call that are still kept, oldest first. */
    offers: z.array(z.object(offerFields)),
    /** All attempts to reach the lead of this call, oldest first; empty for a call of no campaign. */
    attempts: z.array(attempt),
  }),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ sql, queueStore }, { call: id }) {
    const call = await callWithId(sql, id)
    if (!call) throw new NotFoundError('call', id, null)
    const queues = new Set(call.queueTimeline.flatMap(({ queue }) => queue ?? []))
    const decisions = (await Promise.all([...queues].map(queue => queueStore.offers(queue)))).flat()
    return {
      call,
      offers: decisions.filter(one => one.call === id).sort((a, b) => a.at - b.at),
      attempts: call.lead === null ? [] : await attemptsOf(sql, call.lead),
    }
  },
})
