import { z } from 'zod'
import { tiersOf } from '../../agent/agent.ts'
import { InputError } from '../../base/errors.ts'
import { described } from '../../base/parsed.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { agentNamed, agentShape, mustBeAgent, shownAgent } from './agent-named.ts'

export default operation({
  name: 'agent.login',
  summary: "logs the agent in, to some of the agent's queues or to all: the agent takes calls",
  needs: 'redis',
  role: 'supervisor',
  positional: ['name'],
  input: z.strictObject({
    name: nameOf('agent'),
    queues: described(
      z.array(z.string().min(1)).min(1),
      "the queues, separated by commas (default: all of the agent's); levels and positions are kept",
      '<names>',
    ).optional(),
  }),
  output: agentShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: agentNamed,
  async run(parts, { name, queues }) {
    const known = tiersOf(await mustBeAgent(parts, name)).map(tier => tier.queue)
    const strange = queues?.find(queue => !known.includes(queue))
    if (strange !== undefined)
      throw new InputError(`agent ${name} does not serve the queue ${strange}; allowed: ${known.join(', ')}`)
    const now = parts.clock.now()
    return shownAgent(await parts.roster.logIn(name, queues ?? null, now), now)
  },
})
