import { z } from 'zod'
import { operation } from '../operation.ts'
import { callbackId, callbackNamed, callbackShape, callbacksOf, mustWait } from './callback-named.ts'

export default operation({
  name: 'callback.cancel',
  summary: 'cancels a callback that waits: the customer is not called',
  needs: 'stores',
  role: 'supervisor',
  positional: ['id'],
  input: z.strictObject({ id: callbackId }),
  output: callbackShape,
  refusals: ['NOT_FOUND', 'IN_USE'],
  changes: true,
  thing: callbackNamed,
  async run(parts, { id }) {
    const callbacks = callbacksOf(parts)
    return (await callbacks.cancel(id)) ?? mustWait(callbacks, id)
  },
})
