import { z } from 'zod'
import { Refusal } from '../../base/errors.ts'
import { described } from '../../base/parsed.ts'
import { changePerson } from '../../store/people.ts'
import { mustChange, nameOf } from '../fields.ts'
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
  async run({ sql }, { name, role, seesNumbers, agent }, { who, seesNumbers: maySee = true }) {
    await findPerson(sql, name)
    mustChange({ role, seesNumbers, agent }, Object.keys(settings))
    if (seesNumbers === 'yes' && !maySee)
      throw new Refusal('FORBIDDEN', `${who} does not see numbers, and lets nobody else see them`)
    const sees = seesNumbers === undefined ? undefined : seesNumbers === 'yes'
    await changePerson(sql, name, { role, seesNumbers: sees, agent: agent === '' ? null : agent })
    return findPerson(sql, name)
  },
})
