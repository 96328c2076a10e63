import { z } from 'zod'
import { described } from '../../base/parsed.ts'
import { changePerson } from '../../store/people.ts'
import { mustChange, mustSeeNumbers, nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { findPerson, personBefore, personFields, personShape } from './person-named.ts'

const settings = {
  role: personFields.role.optional(),
  seesNumbers: described(z.enum(['yes', 'no']), 'yes: telephone numbers are not masked', '<yes|no>').optional(),
  agent: described(z.string(), "the agent who this person is; '': none", '<agent>').optional(),
}

export default operation({
  name: 'person.set',
  summary: 'changes what a person may do; it counts within five seconds, also where the person is logged in',
  needs: 'database',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('person'), ...settings }),
  output: personShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: personBefore,
  async run({ sql }, { name, role, seesNumbers, agent }, actor) {
    await findPerson(sql, name)
    mustChange({ role, seesNumbers, agent }, Object.keys(settings))
    mustSeeNumbers(actor, seesNumbers === 'yes', 'lets nobody else see them')
    const sees = seesNumbers === undefined ? undefined : seesNumbers === 'yes'
    await changePerson(sql, name, { role, seesNumbers: sees, agent: agent === '' ? null : agent })
    return findPerson(sql, name)
  },
})
