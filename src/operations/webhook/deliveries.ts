import { z } from 'zod'
import { described, oneOf, whole } from '../../base/parsed.ts'
import { deliveries, DELIVERY_STATES } from '../../store/event-targets.ts'
import { sequence } from '../event/event-fields.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { findWebhook } from './webhook-named.ts'

export default operation({
  name: 'webhook.deliveries',
  summary: 'what became of each event that a webhook was sent, newest first; waiting: it is tried again; dead: no more',
  needs: 'database',
  role: 'supervisor',
  positional: ['name'],
  input: z.strictObject({
    name: nameOf('webhook'),
    state: described(oneOf(DELIVERY_STATES), 'only those in this state', '<state>').optional(),
    limit: described(whole(1, 1_000), 'how many', '<n>').default(50),
    after: described(sequence, 'only events before the one with this number', '<n>').optional(),
  }),
  output: z.array(
    z.object({
      seq: z.number(),
      id: z.string(),
      subject: z.string(),
      type: z.string(),
      state: z.string(),
      tries: z.number(),
      nextAt: z.date().nullable(),
      at: z.date(),
      status: z.number().nullable(),
      error: z.string().nullable(),
    }),
  ),
  refusals: ['NOT_FOUND'],
  changes: false,
  cursor: 'seq',
  async run({ sql }, { name, ...query }) {
    await findWebhook(sql, name)
    return deliveries(sql, name, query)
  },
})
