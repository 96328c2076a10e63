import { z } from 'zod'
import { AGENT_SETTINGS } from '../../agent/settings.ts'
import { backToDefault, mustChange, nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { agentEndpoint, agentNamed, agentSettings, agentShape, mustBeAgent, redefine } from './agent-named.ts'

const input = { endpoint: agentEndpoint.optional(), ...agentSettings, unset: backToDefault(AGENT_SETTINGS) }

export default operation({
  name: 'agent.set',
  summary: 'changes some settings of an agent; the others stay',
  needs: 'stores',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('agent'), ...input }),
  output: agentShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: agentNamed,
  async run(parts, { name, ...given }) {
    const known = await mustBeAgent(parts, name)
    mustChange(given, Object.keys(input))
    return redefine(parts, known, given)
  },
})
