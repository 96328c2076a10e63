import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { removeNumberRule } from '../../recovery/definitions.ts'
import { removal } from '../fields.ts'
import { operation } from '../operation.ts'
import { numberField, numberNamed, queueField } from './number-named.ts'

export default operation({
  name: 'number.remove',
  summary: 'removes the rule for a number: its callers are callers like all others',
  needs: 'stores',
  role: 'supervisor',
  positional: ['number'],
  input: z.strictObject({ number: numberField, queue: queueField }),
  output: removal,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: numberNamed,
  async run(parts, { number, queue }) {
    const rules = await parts.queueStore.numberRules()
    if (await removeNumberRule(parts, { number, queue })) return { name: number, removed: true as const }
    throw new NotFoundError(
      'number',
      queue === '' ? number : `${number} of the queue ${queue}`,
      rules.map(rule => rule.number),
    )
  },
})
