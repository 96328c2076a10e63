/** How people read the answers of the operations of API keys. */
import keyAdd from '../../operations/key/add.ts'
import keyList from '../../operations/key/list.ts'
import keyRevoke from '../../operations/key/revoke.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { table } from '../table.ts'
import { form } from './operations.ts'
import { timeOf } from './output.ts'

export const keyForms = [
  form(keyAdd, {
    help: '\nExample:\n  switchhook key add crm --role supervisor --sees-numbers --expires 365d',
    people: ({ key }) => `${key}\n`,
    notes: ({ name, role }) => [`the key of ${name}, a ${role}: it is shown this one time`],
  }),
  form(keyList, {
    people: (all, { colour, now }) =>
      all.length === 0
        ? 'no key exists: switchhook key add <name> makes one\n'
        : table(
            ['key', 'role', 'numbers', 'state', 'made', 'by', 'last used'],
            all.map(one => [
              one.name,
              one.role,
              one.seesNumbers ? 'seen' : 'masked',
              stateOf(one, now),
              timeOf(one.createdAt),
              one.createdBy,
              one.lastUsedAt ? timeOf(one.lastUsedAt) : 'never',
            ]),
            colour,
          ),
  }),
  form(keyRevoke, { people: ({ name }) => `the key of ${name} is revoked: it ends within 5 s\n` }),
]

function stateOf({ revokedAt, expiresAt }: OutputOf<typeof keyList>[number], now: number): string {
  if (revokedAt) return `revoked ${timeOf(revokedAt)}`
  if (!expiresAt) return 'in use'
  return expiresAt.getTime() <= now ? `expired ${timeOf(expiresAt)}` : `until ${timeOf(expiresAt)}`
}
