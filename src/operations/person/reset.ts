import { z } from 'zod'
import { changePassword } from '../../store/people.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { hashed, newPassword } from './password.ts'
import { findPerson, personBefore } from './person-named.ts'

export default operation({
  name: 'person.reset',
  summary: 'a new password for a person, shown this one time; ends a lock, and every session of the person',
  needs: 'database',
  role: 'administrator',
  secret: true,
  doors: ['command-line', 'http'],
  positional: ['name'],
  input: z.strictObject({ name: nameOf('person') }),
  output: z.object({ name: z.string(), password: z.string() }),
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: personBefore,
  async run({ sql }, { name }) {
    await findPerson(sql, name)
    const password = newPassword()
    await changePassword(sql, name, await hashed(password), true)
    return { name, password }
  },
})
