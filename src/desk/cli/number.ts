/** How people read the answers of the operations of numbers. */
import type { OutputOf } from '../../operations/operation.ts'
import numberAdd from '../../operations/number/add.ts'
import numberList from '../../operations/number/list.ts'
import numberRemove from '../../operations/number/remove.ts'
import { table } from '../table.ts'
import { form } from './operations.ts'

type Rule = OutputOf<typeof numberAdd>

export const numberForms = [
  form(numberAdd, { people: rule => `${rule.number} in ${sayQueue(rule)}: ${sayRule(rule)}\n` }),
  form(numberList, {
    people: (rules, { colour }) =>
      rules.length === 0
        ? 'no number has a rule: switchhook number add <number> --priority 5\n'
        : table(
            ['number', 'queue', 'rule', 'note'],
            rules.map(rule => [rule.number, sayQueue(rule), sayRule(rule), rule.note]),
            colour,
          ),
  }),
  form(numberRemove, { people: ({ name }) => `the rule for ${name} was removed\n` }),
]

const sayQueue = ({ queue }: Rule): string => (queue === '' ? 'every queue' : queue)
const sayRule = ({ blocked, priority }: Rule): string => (blocked ? 'blocked' : `priority ${priority}`)
