import { z } from 'zod'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { mustBeQueues } from './queue-named.ts'

export default operation({
  name: 'queue.callbacks',
  summary: 'the callbacks that callers were promised in the last 30 days, oldest first',
  needs: 'redis',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('queue') }),
  output: z.array(z.object({ queue: z.string(), call: z.string(), number: z.string(), keptAt: z.number() })),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ queueStore }, { name }) {
    await mustBeQueues(queueStore, [name])
    return queueStore.callbacks(name)
  },
})
