import { z } from 'zod'
import { described, duration } from '../../base/parsed.ts'
import { newSecret } from '../../outbox/signature.ts'
import { changeSecret } from '../../store/event-targets.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { findWebhook, webhookBefore } from './webhook-named.ts'

export default operation({
  name: 'webhook.rotate',
  summary: 'a new secret for a webhook, shown this one time; the one before signs beside it for a while',
  needs: 'database',
  role: 'administrator',
  secret: true,
  doors: ['command-line', 'http'],
  positional: ['name'],
  input: z.strictObject({
    name: nameOf('webhook'),
    overlap: described(duration('0s', '30d'), 'how long both secrets sign', '<duration>').default(86_400_000),
  }),
  output: z.object({ name: z.string(), secret: z.string(), oldUntil: z.date() }),
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: webhookBefore,
  async run({ sql, clock }, { name, overlap }) {
    await findWebhook(sql, name)
    const secret = newSecret()
    const oldUntil = clock.now() + overlap
    await changeSecret(sql, name, secret, oldUntil)
    return { name, secret, oldUntil: new Date(oldUntil) }
  },
})
