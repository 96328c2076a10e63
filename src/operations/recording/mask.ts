/** The pause of a recording: a card number is said and does not stand in the file. */
import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { operation } from '../operation.ts'
import { callOf, talk } from '../talk/talk-named.ts'

const maskOperation = (name: `recording.${string}`, on: boolean, summary: string) =>
  operation({
    name,
    summary,
    needs: 'node',
    role: 'supervisor',
    positional: ['talk'],
    input: z.strictObject({ talk }),
    output: z.object({ call: z.string(), path: z.string(), paused: z.boolean() }),
    refusals: ['NOT_FOUND', 'WRONG_STATE'],
    changes: true,
    async run({ node, ...parts }, { talk: named }) {
      const call = await callOf(parts, named)
      const path = await node.beside.mask(call, on)
      if (path === null) throw new NotFoundError('live call', call, null)
      return { call, path, paused: on }
    },
  })

export const recordingPause = maskOperation(
  'recording.pause',
  true,
  'pauses the recording of a call: the file holds silence, and keeps its length',
)
export const recordingResume = maskOperation('recording.resume', false, 'ends the pause of a recording')
