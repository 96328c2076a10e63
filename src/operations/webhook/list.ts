import { z } from 'zod'
import { targets } from '../../store/event-targets.ts'
import { operation } from '../operation.ts'
import { webhookShape } from './webhook-named.ts'

export default operation({
  name: 'webhook.list',
  summary: 'where events are sent: the webhooks, and the message queues of EVENTS_TO; how far each is',
  needs: 'database',
  role: 'supervisor',
  positional: [],
  input: z.strictObject({}),
  output: z.array(webhookShape),
  refusals: [],
  changes: false,
  run: ({ sql }) => targets(sql),
})
