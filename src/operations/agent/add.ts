import { z } from 'zod'
import { FieldFaults } from '../../base/errors.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { agentEndpoint, agentNamed, agentSettings, agentShape, redefine } from './agent-named.ts'

/** The settings of a new agent that are not given. */
const STANDARD = { wrapUpMs: 30_000, ringForMs: 20_000, queues: [] } as const

export default operation({
  name: 'agent.add',
  summary: 'adds an agent, or changes the settings of an existing one',
  needs: 'stores',
  role: 'administrator',
  positional: ['name', 'endpoint'],
  input: z.strictObject({ name: nameOf('agent'), endpoint: agentEndpoint, ...agentSettings }),
  output: agentShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: agentNamed,
  async run(parts, { name, endpoint, ...given }) {
    const known = await parts.roster.get(name, parts.clock.now())
    if (!known && given.queues === undefined)
      throw new FieldFaults([{ field: 'queues', message: 'a new agent needs queues' }])
    return redefine(parts, known ?? { name, endpoint, ...STANDARD }, { endpoint, ...given })
  },
})
