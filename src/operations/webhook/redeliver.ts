import { z } from 'zod'
import { described } from '../../base/parsed.ts'
import { redeliver } from '../../store/event-targets.ts'
import { sequence } from '../event/event-fields.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { findWebhook, webhookBefore } from './webhook-named.ts'

export default operation({
  name: 'webhook.redeliver',
  summary: 'sends events to a webhook once more: the dead ones, or those of the given numbers',
  needs: 'database',
  role: 'supervisor',
  positional: ['name'],
  input: z.strictObject({
    name: nameOf('webhook'),
    events: described(z.array(sequence).min(1).max(1_000), 'the numbers of deliveries (seq)', '<numbers>').optional(),
  }),
  output: z.object({ name: z.string(), waiting: z.number() }),
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: webhookBefore,
  async run({ sql, clock }, { name, events }) {
    await findWebhook(sql, name)
    return { name, waiting: await redeliver(sql, name, events ?? null, clock.now()) }
  },
})
