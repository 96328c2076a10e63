import { z } from 'zod'
import { removeTarget } from '../../store/event-targets.ts'
import { nameOf, removal } from '../fields.ts'
import { operation } from '../operation.ts'
import { findTarget, webhookBefore } from './webhook-named.ts'

export default operation({
  name: 'webhook.remove',
  summary: 'sends nothing more to a webhook, and forgets what became of its deliveries',
  needs: 'database',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('webhook') }),
  output: removal,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: webhookBefore,
  async run({ sql }, { name }) {
    await findTarget(sql, name)
    await removeTarget(sql, name)
    return { name, removed: true as const }
  },
})
