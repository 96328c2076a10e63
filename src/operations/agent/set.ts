import { z } from 'zod'
import { mustChange, nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { agentEndpoint, agentNamed, agentSettings, agentShape, mustBeAgent, redefine } from './agent-named.ts'

export default operation({
  name: 'agent.set',
  summary: 'changes some settings of an agent; the others stay',
  needs: 'stores',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('agent'), endpoint: agentEndpoint.optional(), ...agentSettings }),
  output: agentShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: agentNamed,
  async run(parts, { name, ...given }) {
    const known = await mustBeAgent(parts, name)
    mustChange(given, ['endpoint', ...Object.keys(agentSettings)])
    return redefine(parts, known, given)
  },
})
