import { z } from 'zod'
import { defineQueue } from '../../recovery/definitions.ts'
import { mustChange, nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { mustBeQueues, queueNamed, queueSettings, queueShape } from './queue-named.ts'

export default operation({
  name: 'queue.set',
  summary: 'changes some settings of a queue; the others stay, and callers keep their places',
  needs: 'stores',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('queue'), ...queueSettings }),
  output: queueShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: queueNamed,
  async run(parts, { name, ...given }) {
    mustChange(given, Object.keys(queueSettings))
    const [known] = await mustBeQueues(parts.queueStore, [name])
    const queue = { ...known, ...(given.strategy !== undefined && { strategy: given.strategy }) }
    await defineQueue(parts, queue, parts.clock.now())
    return queue
  },
})
