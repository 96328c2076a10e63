import { z } from 'zod'
import { givenIn } from '../../base/settings.ts'
import { QUEUE_SETTINGS } from '../../queue/settings.ts'
import { targetQueues } from '../../queue/overflow.ts'
import { defineQueue } from '../../recovery/definitions.ts'
import { DEFAULT_STRATEGY } from '../../queue/strategies.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { mustBeQueues, mustBeStrategy, queueNamed, queueSettings, queueShape } from './queue-named.ts'

export default operation({
  name: 'queue.add',
  summary: 'creates a queue; changes nothing when it exists',
  needs: 'stores',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('queue'), ...queueSettings }),
  output: queueShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: queueNamed,
  async run(parts, { name, strategy = DEFAULT_STRATEGY, ...given }) {
    mustBeStrategy(strategy)
    const known = await queueNamed(parts, { name })
    if (known) return known
    const queue = { name, strategy, ...givenIn(QUEUE_SETTINGS, given) }
    await mustBeQueues(parts.queueStore, targetQueues(queue))
    await defineQueue(parts, queue, parts.clock.now())
    return queue
  },
})
