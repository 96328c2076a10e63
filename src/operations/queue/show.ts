import { z } from 'zod'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { mustBeQueues, queueShape } from './queue-named.ts'

export default operation({
  name: 'queue.show',
  summary: 'every setting of a queue',
  needs: 'redis',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('queue') }),
  output: queueShape,
  refusals: ['NOT_FOUND'],
  changes: false,
  run: async ({ queueStore }, { name }) => (await mustBeQueues(queueStore, [name]))[0],
})
