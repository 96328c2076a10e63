/** What a talk is like now. */
import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { operation } from '../operation.ts'
import { callOf, talk } from './talk-named.ts'

export default operation({
  name: 'talk.show',
  summary: 'whether the caller of a talk is on hold',
  needs: 'node',
  role: 'reader',
  positional: ['talk'],
  input: z.strictObject({ talk }),
  output: z.object({ call: z.string(), onHold: z.boolean() }),
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: false,
  async run({ node, ...parts }, { talk: named }) {
    const call = await callOf(parts, named)
    const onHold = await node.isHeld(call)
    if (onHold === null) throw new NotFoundError('live call', call, null)
    return { call, onHold }
  },
})
