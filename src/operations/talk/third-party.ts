/** A third person in a talk. */
import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { described } from '../../base/parsed.ts'
import { operation } from '../operation.ts'
import { callOf, onTalk, reached, somebody, talk } from './talk-named.ts'

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
  mustBeOnce: true,
  async run({ node, ...parts }, { talk: named, to: typed }) {
    const to = reached(typed, parts.country)
    const call = await callOf(parts, named)
    if ((await node.beside.add(call, to)) === null) throw new NotFoundError('live call', call, null)
    return { call, to }
  },
})

export const talkDrop = onTalk({
  name: 'talk.drop',
  summary: 'takes the third person out of a talk; the two talk on',
  what: 'call with a third person',
  act: (node, call) => node.beside.drop(call),
})
