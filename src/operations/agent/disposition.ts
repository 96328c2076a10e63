import { z } from 'zod'
import { Refusal, SwitchhookError } from '../../base/errors.ts'
import { described } from '../../base/parsed.ts'
import { tagCall } from '../../store/calls.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { agentNamed, agentShape, mustBeAgent, shownAgent } from './agent-named.ts'

export default operation({
  name: 'agent.disposition',
  summary: 'what came of the last call, in the words of the agent; ends a wrap-up that waits for it',
  needs: 'stores',
  role: 'supervisor',
  positional: ['name', 'disposition'],
  input: z.strictObject({
    name: nameOf('agent'),
    disposition: described(
      z.string().regex(/^[\w.-]{1,32}$/, 'allowed: 1 to 32 letters, digits and . _ -'),
      'the code, such as sale; in the record of the call as crm.disposition',
    ),
  }),
  output: agentShape,
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  thing: agentNamed,
  async run(parts, { name, disposition }) {
    const { sql, roster, clock } = parts
    const { lastTalk } = await mustBeAgent(parts, name)
    if (!lastTalk) throw new Refusal('WRONG_STATE', `agent ${name} has not talked with a caller yet`)
    // first: the wrap-up goes on until the record has it
    if (!(await tagCall(sql, lastTalk.call, { disposition })))
      throw new SwitchhookError(
        'SERVICE',
        `the record of the call ${lastTalk.call} is not written yet: try again in a moment`,
      )
    const now = clock.now()
    await roster.dispose(name, disposition, now)
    return shownAgent(await mustBeAgent(parts, name), now)
  },
})
