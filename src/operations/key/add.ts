import { z } from 'zod'
import { described, duration, oneOf, parsed } from '../../base/parsed.ts'
import { Refusal } from '../../base/errors.ts'
import { ident } from '../../esl/safe-text.ts'
import { addApiKey, apiKeyInUse } from '../../store/api-keys.ts'
import { isDuplicate } from '../../store/sql.ts'
import { mustSeeNumbers } from '../fields.ts'
import { operation, ROLES } from '../operation.ts'
import { keyShape, newKey } from './key-shape.ts'

export default operation({
  name: 'key.add',
  summary: 'makes a key for a program that uses the HTTP API; the key is shown this one time',
  needs: 'database',
  role: 'administrator',
  secret: true,
  doors: ['command-line', 'http'], // the answer of a job stays in Redis for an hour
  positional: ['name'],
  input: z.strictObject({
    name: described(parsed(ident), 'who uses it, for the audit list'),
    role: described(oneOf(ROLES), `what it may do: ${ROLES.join(', ')}`, '<role>').default('reader'),
    seesNumbers: described(z.boolean(), 'telephone numbers are not masked for it').default(false),
    expires: described(
      duration('1m', '3650d'),
      'after this time it stops working (default: never)',
      '<duration>',
    ).optional(),
  }),
  output: keyShape.extend({ key: z.string() }),
  refusals: ['IN_USE'],
  changes: true,
  thing: ({ sql }, { name }) => apiKeyInUse(sql, name),
  async run({ sql, clock }, { name, role, seesNumbers, expires }, actor) {
    mustSeeNumbers(actor, seesNumbers, 'makes no key that does')
    const { id, hash, key } = newKey()
    const now = clock.now()
    const row = {
      ...{ id, name, role, seesNumbers, createdBy: actor.who },
      createdAt: new Date(now),
      expiresAt: expires === undefined ? null : new Date(now + expires),
    }
    try {
      await addApiKey(sql, { ...row, hash })
    } catch (error) {
      if (!isDuplicate(error)) throw error
      throw new Refusal('IN_USE', `a key called '${name}' is in use: revoke it first, or choose another name`)
    }
    return { ...row, revokedAt: null, lastUsedAt: null, key }
  },
})
