import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { operation } from '../operation.ts'
import { callOf, talk } from './talk-named.ts'

export default operation({
  name: 'talk.take-over',
  summary: 'the supervisor who listens gets the caller, and the agent goes to wrap-up',
  needs: 'node',
  role: 'supervisor',
  positional: ['talk'],
  input: z.strictObject({ talk }),
  output: z.object({ call: z.string() }),
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  async run({ node, ...parts }, { talk: named }) {
    const call = await callOf(parts, named)
    if (!(await node.act({ what: 'take-over', call }))) throw new NotFoundError('live call', call, null)
    return { call }
  },
})
