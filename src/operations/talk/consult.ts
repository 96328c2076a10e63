/** Attended transfer: the agent consults somebody, then completes or cancels the transfer. */
import { z } from 'zod'
import { FieldFaults, NotFoundError } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { inCountry, phoneNumber } from '../../esl/phone-number.ts'
import { mustBeAgent } from '../agent/agent-named.ts'
import { operation } from '../operation.ts'
import { callOf, onTalk, talk } from './talk-named.ts'

export const talkConsult = operation({
  name: 'talk.consult',
  summary: 'the agent talks with a colleague or a number about the call; the caller waits with music meanwhile',
  needs: 'node',
  role: 'supervisor',
  positional: ['talk'],
  input: z.strictObject({
    talk,
    agent: described(z.string().min(1), 'the colleague, who must be free', '<name>').optional(),
    number: described(parsed(phoneNumber), 'a number, dialled through GATEWAY', '<number>').optional(),
  }),
  output: z.object({ call: z.string(), rings: z.string() }),
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  mustBeOnce: true,
  async run({ node, ...parts }, { talk: named, agent, number: typed }) {
    const number = typed && inCountry(typed, parts.country)
    const rings = agent ?? number
    if (rings === undefined || (agent !== undefined && number !== undefined))
      throw new FieldFaults([{ field: '', message: 'somebody must be asked: give one of', give: ['agent', 'number'] }])
    const call = await callOf(parts, named)
    if (agent !== undefined) await mustBeAgent(parts, agent)
    const done = await node.act(
      agent === undefined ? { what: 'consult-number', call, number: rings } : { what: 'consult-agent', call, agent },
    )
    if (!done) throw new NotFoundError('live call', call, null)
    return { call, rings }
  },
})

const endOperation = (how: 'complete' | 'cancel', summary: string) =>
  onTalk({ name: `talk.${how}`, summary, act: (node, call) => node.act({ what: 'end-consultation', call, how }) })

export const talkComplete = endOperation(
  'complete',
  'the caller talks with the one who was consulted; the agent is free',
)
export const talkCancel = endOperation('cancel', 'the caller talks with the agent again; the one consulted is free')
