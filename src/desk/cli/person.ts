/** How people read the answers of the operations of people who log in. */
import personAdd from '../../operations/person/add.ts'
import personList from '../../operations/person/list.ts'
import personRemove from '../../operations/person/remove.ts'
import personReset from '../../operations/person/reset.ts'
import { table } from '../table.ts'
import { form } from './operations.ts'
import { timeOf } from './output.ts'

export const personForms = [
  form(personAdd, {
    help: '\nExample:\n  switchhook person add ann --role administrator --sees-numbers',
    people: ({ password }) => `${password}\n`,
    notes: ({ name, role }) => [`the first password of ${name} (${role}): it is shown this one time`],
  }),
  form(personReset, {
    people: ({ password }) => `${password}\n`,
    notes: ({ name }) => [`the new password of ${name}: it is shown this one time`],
  }),
  form(personRemove, { people: ({ name }) => `${name} logs in no more\n` }),
  form(personList, {
    people: (all, { colour, now }) =>
      all.length === 0
        ? 'nobody logs in: switchhook person add <name> --role administrator\n'
        : table(
            ['person', 'role', 'numbers', 'agent', 'state', 'made', 'by', 'last log-in'],
            all.map(one => [
              one.name,
              one.role,
              one.seesNumbers ? 'seen' : 'masked',
              one.agent ?? '–',
              one.lockedUntil && one.lockedUntil.getTime() > now
                ? `locked until ${timeOf(one.lockedUntil)}`
                : one.mustChange
                  ? 'first password'
                  : 'in use',
              timeOf(one.createdAt),
              one.createdBy,
              one.lastLogin ? timeOf(one.lastLogin) : 'never',
            ]),
            colour,
          ),
  }),
]
