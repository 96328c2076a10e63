/** How people read the answers of the operations of dispositions. */
import dispositionAdd from '../../operations/disposition/add.ts'
import dispositionList from '../../operations/disposition/list.ts'
import dispositionRemove from '../../operations/disposition/remove.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { table } from '../table.ts'
import { form } from './operations.ts'

type Disposition = OutputOf<typeof dispositionAdd>

export const dispositionForms = [
  form(dispositionAdd, {
    help: `
An agent of the campaign gives it in the wrap-up. It behaves as the built-in disposition of --as, with its own name.

Examples:
  switchhook disposition add spring no-budget --as declined --again 30d
  switchhook agent disposition alice no-budget`,
    people: ({ name, as, again }) => `disposition ${name} behaves as ${as}, next call: ${again}\n`,
  }),
  form(dispositionList, {
    help: '\nlast column: what it says of the person, as the flags of VICIdial. docs/dispositions.md explains all.',
    people: (all, { colour }) =>
      table(['disposition', 'letters', 'given by', 'next call', 'means', 'says'], all.map(row), colour),
  }),
  form(dispositionRemove, { people: ({ name }) => `the disposition ${name} was removed\n` }),
]

function row({ name, as, statusOfSystem, statusOfAgent, flow, agent, human, is, again, means }: Disposition) {
  const letters = [...new Set([statusOfSystem, statusOfAgent])].filter(one => one !== null)
  const by = [flow && 'flow', agent && 'agent'].filter(one => one !== false)
  const says = [...(human ? ['human'] : []), ...is]
  return [
    as === null ? name : `${name} (as ${as})`,
    letters.join(', ') || '–',
    by.join(', ') || 'system',
    again,
    means,
    says.join(', ') || '–',
  ]
}
