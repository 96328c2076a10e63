import { z } from 'zod'
import { removeAgent } from '../../recovery/definitions.ts'
import { nameOf, removal } from '../fields.ts'
import { operation } from '../operation.ts'
import { agentNamed } from './agent-named.ts'

export default operation({
  name: 'agent.remove',
  summary: 'removes an agent; a live call goes on',
  needs: 'stores',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('agent') }),
  output: removal,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: agentNamed,
  async run(parts, { name }) {
    await removeAgent(parts, name, parts.clock.now())
    return { name, removed: true as const }
  },
})
