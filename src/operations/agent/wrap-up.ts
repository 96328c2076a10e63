import { z } from 'zod'
import { described, duration } from '../../base/parsed.ts'
import { Refusal } from '../../base/errors.ts'
import { callWithoutDisposition } from '../../agent/wrap-up.ts'
import { wordOf } from '../../agent/words.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { agentNamed, agentShape, mustBeAgent, shownAgent } from './agent-named.ts'

export default operation({
  name: 'agent.wrap-up',
  summary: 'ends the wrap-up of an agent now, or makes it longer',
  needs: 'redis',
  role: 'supervisor',
  positional: ['name'],
  input: z.strictObject({
    name: nameOf('agent'),
    extend: described(
      duration('1s', '1h'),
      'so much longer, 1h at most (default: the wrap-up ends now)',
      '<duration>',
    ).optional(),
    withoutDisposition: described(z.boolean(), 'ends it also when it waits for a disposition').optional(),
  }),
  output: agentShape,
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  thing: agentNamed,
  async run(parts, { name, extend, withoutDisposition = false }) {
    const { roster, clock } = parts
    const before = await mustBeAgent(parts, name)
    const now = clock.now()
    const done =
      extend === undefined
        ? await roster.finishWrapUp(name, now, withoutDisposition)
        : await roster.extendWrapUp(name, extend, now)
    const call = callWithoutDisposition(before)
    if (!done && call !== null)
      throw new Refusal(
        'WRONG_STATE',
        `the wrap-up of agent ${name} waits for the disposition of the call ${call}: switchhook agent disposition ${name} <code>`,
      )
    if (!done) throw new Refusal('WRONG_STATE', `agent ${name} is not in wrap-up, but ${wordOf(before, now)}`)
    return shownAgent(await mustBeAgent(parts, name), now)
  },
})
