import { z } from 'zod'
import { operation } from '../operation.ts'
import { ruleShape } from './number-named.ts'

export default operation({
  name: 'number.list',
  summary: 'the numbers whose callers have a priority, or are kept out',
  needs: 'redis',
  role: 'reader',
  positional: [],
  input: z.strictObject({}),
  output: z.array(ruleShape),
  refusals: [],
  changes: false,
  run: async ({ queueStore }) =>
    (await queueStore.numberRules()).sort((a, b) => (`${a.number} ${a.queue}` < `${b.number} ${b.queue}` ? -1 : 1)),
})
