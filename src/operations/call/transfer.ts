import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { extension as extensionWord, ident, uuid } from '../../esl/safe-text.ts'
import { operation } from '../operation.ts'

export default operation({
  name: 'call.transfer',
  summary: 'sends the caller of a live call to an extension of the dialplan; the flow ends, and so does a talk',
  needs: 'node',
  role: 'supervisor',
  positional: ['call', 'extension'],
  input: z.strictObject({
    call: described(parsed(uuid), 'the uuid of the call: `switchhook calls --long` shows it'),
    extension: described(parsed(extensionWord), 'a number or name of the dialplan, such as 7000'),
    context: described(parsed(ident), 'its context in the dialplan (default: default)', '<name>').optional(),
  }),
  output: z.object({ call: z.string(), extension: z.string(), transferred: z.literal(true) }),
  refusals: ['NOT_FOUND'],
  changes: true,
  async run({ node }, { call, extension, context }) {
    if (!(await node.transfer(call, extension, context))) throw new NotFoundError('live call', call, null)
    return { call, extension, transferred: true as const }
  },
})
