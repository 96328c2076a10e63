/** A third person in a talk. */
import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { described } from '../../base/parsed.ts'
import { operation } from '../operation.ts'
import { callOf, somebody, talk } from './talk-named.ts'

export const talkAdd = operation({
  name: 'talk.add',
  summary: 'adds a third person to a talk: three people hear each other',
  needs: 'node',
  role: 'supervisor',
  positional: ['talk', 'to'],
  input: z.strictObject({ talk, to: described(somebody, 'the number, dialled through GATEWAY, or an endpoint') }),
  output: z.object({ call: z.string(), to: z.string() }),
  refusals: ['NOT_FOUND', 'WRONG_STATE', 'NOT_REACHED'],
  changes: true,
  async run({ node, ...parts }, { talk: named, to }) {
    const call = await callOf(parts, named)
    if ((await node.beside.add(call, to)) === null) throw new NotFoundError('live call', call, null)
    return { call, to }
  },
})

export const talkDrop = operation({
  name: 'talk.drop',
  summary: 'takes the third person out of a talk; the two talk on',
  needs: 'node',
  role: 'supervisor',
  positional: ['talk'],
  input: z.strictObject({ talk }),
  output: z.object({ call: z.string() }),
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  async run({ node, ...parts }, { talk: named }) {
    const call = await callOf(parts, named)
    if (!(await node.beside.drop(call))) throw new NotFoundError('call with a third person', call, null)
    return { call }
  },
})
