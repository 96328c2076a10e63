import { z } from 'zod'
import { Refusal } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { ident } from '../../esl/safe-text.ts'
import { addPerson } from '../../store/people.ts'
import { mustSeeNumbers } from '../fields.ts'
import { operation } from '../operation.ts'
import { hashed, newPassword } from './password.ts'
import { findPerson, personBefore, personFields, personShape } from './person-named.ts'

export default operation({
  name: 'person.add',
  summary: 'lets a person log in to the desk; the first password is shown this one time',
  needs: 'database',
  role: 'administrator',
  secret: true,
  doors: ['command-line', 'http'], // the answer of a job stays in Redis for an hour
  positional: ['name'],
  input: z.strictObject({
    name: described(parsed(ident), 'the name with which the person logs in'),
    role: personFields.role.default('reader'),
    seesNumbers: personFields.seesNumbers.default(false),
    agent: personFields.agent.optional(),
  }),
  output: personShape.extend({ password: z.string() }),
  refusals: ['IN_USE'],
  changes: true,
  thing: personBefore,
  async run({ sql, clock }, { agent, ...person }, actor) {
    mustSeeNumbers(actor, person.seesNumbers, 'adds nobody who does')
    const password = newPassword()
    const row = {
      ...person,
      agent: agent ?? null,
      password: await hashed(password),
      createdBy: actor.who,
      now: clock.now(),
    }
    if (!(await addPerson(sql, row)))
      throw new Refusal('IN_USE', `there is a person called '${person.name}': person.set changes one`)
    return { ...(await findPerson(sql, person.name)), password }
  },
})
