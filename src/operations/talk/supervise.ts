import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { endpoint } from '../../esl/safe-text.ts'
import { operation } from '../operation.ts'
import { callOf, talk } from './talk-named.ts'
import { quoted } from '../../base/quoted.ts'

const MODES = ['listen', 'whisper', 'barge', 'stop'] as const

export default operation({
  name: 'talk.supervise',
  summary: 'a supervisor listens to a talk, speaks to the agent alone or to both, or stops',
  needs: 'node',
  role: 'supervisor',
  positional: ['talk', 'mode'],
  input: z.strictObject({
    talk,
    mode: described(
      z.enum(MODES, { error: ({ input }) => `${quoted(input)} is no mode; allowed: ${MODES.join(', ')}` }),
      'who hears the supervisor: listen (nobody), whisper (the agent), barge (both); stop: ends it',
    ),
    at: described(
      parsed(endpoint),
      "the supervisor's telephone, such as user/900, which rings; not needed to change the mode",
      '<endpoint>',
    ).optional(),
  }),
  output: z.object({ call: z.string(), mode: z.enum(MODES) }),
  refusals: ['NOT_FOUND', 'WRONG_STATE', 'NOT_REACHED'],
  changes: true,
  mustBeOnce: true,
  async run({ node: { beside }, ...parts }, { talk: named, mode, at }) {
    const call = await callOf(parts, named)
    if (mode === 'stop') {
      if (!(await beside.stopSupervision(call))) throw new NotFoundError('supervised call', call, null)
    } else if ((await beside.supervise(call, mode, at)) === null) throw new NotFoundError('live call', call, null)
    return { call, mode }
  },
})
