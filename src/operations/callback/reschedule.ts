import { z } from 'zod'
import { moment } from '../fields.ts'
import { operation } from '../operation.ts'
import { callbackId, callbackNamed, callbackShape, callbacksOf, mustBeCallback, mustWait } from './callback-named.ts'

export default operation({
  name: 'callback.reschedule',
  summary: 'gives a callback that waits another time; its place in the queue is that of the new time',
  needs: 'stores',
  role: 'supervisor',
  positional: ['id', 'at'],
  input: z.strictObject({ id: callbackId, at: moment }),
  output: callbackShape,
  refusals: ['NOT_FOUND', 'IN_USE'],
  changes: true,
  thing: callbackNamed,
  async run(parts, { id, at }) {
    const callbacks = callbacksOf(parts)
    const queue = await callbacks.queueOf(await mustBeCallback(callbacks, id))
    return (await callbacks.reschedule(id, at, queue)) ?? mustWait(callbacks, id)
  },
})
