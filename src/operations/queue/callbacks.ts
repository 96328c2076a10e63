import { z } from 'zod'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { callbackShape, openCallbacksIn } from '../callback/callback-named.ts'
import { mustBeQueues } from './queue-named.ts'

export default operation({
  name: 'queue.callbacks',
  summary: 'the customers of a queue who wait to be called back, in the order of their places',
  needs: 'stores',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('queue') }),
  output: z.array(callbackShape),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run(parts, { name }) {
    await mustBeQueues(parts.queueStore, [name])
    return openCallbacksIn(parts, name)
  },
})
