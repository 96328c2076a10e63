/** Hold and its end. */
import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { operation } from '../operation.ts'
import { callOf, talk } from './talk-named.ts'

const holdOperation = (name: `talk.${string}`, on: boolean, summary: string) =>
  operation({
    name,
    summary,
    needs: 'node',
    role: 'supervisor',
    positional: ['talk'],
    input: z.strictObject({ talk }),
    output: z.object({ call: z.string(), onHold: z.boolean() }),
    refusals: ['NOT_FOUND', 'WRONG_STATE'],
    changes: true,
    async run({ node, ...parts }, { talk: named }) {
      const call = await callOf(parts, named)
      if (!(await node.hold(call, on))) throw new NotFoundError('live call', call, null)
      return { call, onHold: on }
    },
  })

export const talkHold = holdOperation('talk.hold', true, 'puts the caller on hold: the caller hears music')
export const talkUnhold = holdOperation('talk.unhold', false, 'ends a hold: the two hear each other again')
