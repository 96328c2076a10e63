import { z } from 'zod'
import { described, whole } from '../../base/parsed.ts'
import { defineNumberRule } from '../../recovery/definitions.ts'
import { operation } from '../operation.ts'
import { mustBeQueues } from '../queue/queue-named.ts'
import { numberField, numberNamed, queueField, ruleShape } from './number-named.ts'

export default operation({
  name: 'number.add',
  summary: 'gives callers with a number a priority in queues, or keeps them out; replaces what the number had',
  needs: 'stores',
  role: 'supervisor',
  positional: ['number'],
  input: z.strictObject({
    number: numberField,
    queue: queueField,
    priority: described(whole(-9, 9), 'callers of a higher priority are served first, -9 to 9', '<number>').default(0),
    blocked: described(z.boolean(), 'callers with this number are not let in').default(false),
    note: described(z.string().max(200), 'why, in your words', '<text>').default(''),
  }),
  output: ruleShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: numberNamed,
  async run(parts, rule) {
    if (rule.queue !== '') await mustBeQueues(parts.queueStore, [rule.queue])
    await defineNumberRule(parts, rule, parts.clock.now())
    return rule
  },
})
