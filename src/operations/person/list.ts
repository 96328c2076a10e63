import { z } from 'zod'
import { people } from '../../store/people.ts'
import { operation } from '../operation.ts'
import { personShape } from './person-named.ts'

export default operation({
  name: 'person.list',
  summary: 'the people who may log in to the desk, and when each did so last',
  needs: 'database',
  role: 'administrator',
  positional: [],
  input: z.strictObject({}),
  output: z.array(personShape),
  refusals: [],
  changes: false,
  run: ({ sql }) => people(sql),
})
