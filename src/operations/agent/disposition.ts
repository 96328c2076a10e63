import { z } from 'zod'
import { InputError, Refusal, SwitchhookError } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { giveDisposition } from '../../campaign/agent-disposition.ts'
import { uuid as callUuid } from '../../esl/safe-text.ts'
import { callWithId, tagCall } from '../../store/calls.ts'
import { moment, nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { agentNamed, agentShape, mustBeAgent, shownAgent } from './agent-named.ts'

export default operation({
  name: 'agent.disposition',
  summary: 'what came of a call, in the words of the agent; ends a wrap-up that waits for it',
  needs: 'stores',
  role: 'supervisor',
  positional: ['name', 'disposition'],
  input: z.strictObject({
    name: nameOf('agent'),
    disposition: described(
      z.string().regex(/^[\w.-]{1,32}$/, 'allowed: 1 to 32 letters, digits and . _ -'),
      'the code, such as sale; for a call of a campaign one of `switchhook disposition list`, or its letters; in the record of the call as crm.disposition',
    ),
    callAt: moment.optional().meta({
      description: 'with callback: when the person wants to be called, such as 2026-12-01T15:30+01:00',
      placeholder: '<time>',
    }),
    call: described(
      parsed(callUuid),
      'the uuid of an earlier call of this agent (default: the last one)',
      '<uuid>',
    ).optional(),
  }),
  output: agentShape,
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  thing: agentNamed,
  async run(parts, { name, disposition, callAt, call }) {
    const { sql, roster, clock } = parts
    const { lastTalk } = await mustBeAgent(parts, name)
    const talk = call ?? lastTalk?.call
    if (talk === undefined) throw new Refusal('WRONG_STATE', `agent ${name} has not talked with a caller yet`)
    if (talk !== lastTalk?.call && (await callWithId(sql, talk))?.agent !== name)
      throw new Refusal('WRONG_STATE', `agent ${name} has not talked in the call ${talk}`)
    const now = clock.now()
    // first: the wrap-up goes on until the lead and the record have it
    const done = await giveDisposition(parts, talk, { disposition, agent: name, callAt }, now)
    if (!done && callAt !== undefined)
      throw new InputError(`the call ${talk} is none of a campaign: switchhook callback add promises a call`)
    const word = done?.disposition ?? disposition
    if (!(await tagCall(sql, talk, { disposition: word })))
      throw new SwitchhookError('SERVICE', `the record of the call ${talk} is not written yet: try again in a moment`)
    if (talk === lastTalk?.call) await roster.dispose(name, word, now)
    return shownAgent(await mustBeAgent(parts, name), now)
  },
})
