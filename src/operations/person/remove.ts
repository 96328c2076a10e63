import { z } from 'zod'
import { removePerson } from '../../store/people.ts'
import { nameOf, removal } from '../fields.ts'
import { operation } from '../operation.ts'
import { findPerson, personBefore } from './person-named.ts'

export default operation({
  name: 'person.remove',
  summary: 'a person may log in no more; where the person is logged in, that ends within five seconds',
  needs: 'database',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('person') }),
  output: removal,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: personBefore,
  async run({ sql }, { name }) {
    await findPerson(sql, name)
    await removePerson(sql, name)
    return { name, removed: true as const }
  },
})
