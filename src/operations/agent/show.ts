import { z } from 'zod'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { agentShape, mustBeAgent, shownAgent } from './agent-named.ts'

export default operation({
  name: 'agent.show',
  summary: 'every setting of an agent, and what the agent does now',
  needs: 'redis',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('agent') }),
  output: agentShape,
  refusals: ['NOT_FOUND'],
  changes: false,
  run: async (parts, { name }) => shownAgent(await mustBeAgent(parts, name), parts.clock.now()),
})
