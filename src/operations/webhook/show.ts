import { z } from 'zod'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { findTarget, webhookShape } from './webhook-named.ts'

export default operation({
  name: 'webhook.show',
  summary: 'a webhook, or a message queue of EVENTS_TO: how far it is, and why the last delivery failed',
  needs: 'database',
  role: 'supervisor',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('webhook') }),
  output: webhookShape,
  refusals: ['NOT_FOUND'],
  changes: false,
  run: ({ sql }, { name }) => findTarget(sql, name),
})
