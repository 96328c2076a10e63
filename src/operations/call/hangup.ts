import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { ident, uuid } from '../../esl/safe-text.ts'
import { operation } from '../operation.ts'

export default operation({
  name: 'call.hangup',
  summary: 'ends a live call, whether the caller waits or talks',
  needs: 'node',
  role: 'supervisor',
  positional: ['call'],
  input: z.strictObject({
    call: described(parsed(uuid), 'the uuid of the call: `switchhook calls --long` shows it'),
    cause: described(
      parsed(ident),
      "FreeSWITCH's cause of the hang-up (default: NORMAL_CLEARING)",
      '<cause>',
    ).optional(),
  }),
  output: z.object({ call: z.string(), hungUp: z.literal(true) }),
  refusals: ['NOT_FOUND'],
  changes: true,
  async run({ node }, { call, cause = 'NORMAL_CLEARING' }) {
    if (!(await node.hangUp(call, cause))) throw new NotFoundError('live call', call, null)
    return { call, hungUp: true as const }
  },
})
