import { z } from 'zod'
import { givenIn, without } from '../../base/settings.ts'
import { QUEUE_SETTINGS } from '../../queue/settings.ts'
import { targetQueues } from '../../queue/overflow.ts'
import { defineQueue } from '../../recovery/definitions.ts'
import { backToDefault, mustChange, nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { mustBeQueues, mustBeStrategy, queueNamed, queueSettings, queueShape } from './queue-named.ts'

const input = { ...queueSettings, unset: backToDefault(QUEUE_SETTINGS) }

export default operation({
  name: 'queue.set',
  summary: 'changes some settings of a queue; the others stay, and callers keep their places',
  needs: 'stores',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('queue'), ...input }),
  output: queueShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: queueNamed,
  async run(parts, { name, strategy, unset, ...given }) {
    mustChange({ strategy, unset, ...given }, Object.keys(input))
    if (strategy !== undefined) mustBeStrategy(strategy)
    const settings = givenIn(QUEUE_SETTINGS, given)
    const [known] = await mustBeQueues(parts.queueStore, [name, ...targetQueues(settings)])
    const queue = {
      ...without(QUEUE_SETTINGS, known, unset),
      ...(strategy !== undefined && { strategy }),
      ...settings,
    }
    await defineQueue(parts, queue, parts.clock.now())
    return queue
  },
})
