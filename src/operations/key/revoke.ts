import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { apiKeyInUse, apiKeys, revokeApiKey } from '../../store/api-keys.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'

export default operation({
  name: 'key.revoke',
  summary: 'ends a key of the HTTP API, for good: within five seconds nothing more is done with it',
  needs: 'database',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('key') }),
  output: z.object({ name: z.string(), revoked: z.literal(true) }),
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: ({ sql }, { name }) => apiKeyInUse(sql, name),
  async run({ sql, clock }, { name }) {
    if (!(await revokeApiKey(sql, name, clock.now()))) {
      const known = (await apiKeys(sql)).filter(one => one.revokedAt === null).map(one => one.name)
      throw new NotFoundError('key in use', name, known)
    }
    return { name, revoked: true as const }
  },
})
