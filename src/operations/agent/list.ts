import { z } from 'zod'
import { operation } from '../operation.ts'
import { agentShape, shownAgent } from './agent-named.ts'

export default operation({
  name: 'agent.list',
  summary: 'all agents, and what each is doing',
  needs: 'redis',
  role: 'reader',
  positional: [],
  input: z.strictObject({}),
  output: z.array(agentShape),
  refusals: [],
  changes: false,
  async run({ roster, clock }) {
    const now = clock.now()
    return (await roster.list(now)).map(agent => shownAgent(agent, now))
  },
})
