/** How people read the answers of the operations of gateways. */
import gatewayAdd from '../../operations/gateway/add.ts'
import gatewayList from '../../operations/gateway/list.ts'
import gatewayRemove from '../../operations/gateway/remove.ts'
import gatewaySet from '../../operations/gateway/set.ts'
import gatewayShow from '../../operations/gateway/show.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { pairs, table } from '../table.ts'
import { form } from './operations.ts'

type Gateway = OutputOf<typeof gatewayAdd>

export const gatewayForms = [
  form(gatewayAdd, {
    help: '\nExample:\n  switchhook gateway add carrier --lines 30 --cps 5\n  switchhook campaign set spring --gateways carrier:9,backup:1',
    people: sayOne,
  }),
  form(gatewaySet, { people: sayOne }),
  form(gatewayList, {
    people: (all, { colour }) =>
      all.length === 0
        ? 'no gateway has limits of its own: switchhook gateway add <name> --lines 30 --cps 5\n'
        : table(
            ['gateway', '>lines', '>calls per second', 'state'],
            all.map(one => [one.name, one.lines, one.cps, state(one)]),
            colour,
          ),
  }),
  form(gatewayShow, {
    people: (one, { colour }) =>
      pairs(
        [
          ['gateway', { text: one.name, tone: 'bold' }],
          ['state', state(one)],
          ['lines', `${one.inUse} of ${one.lines} in use`],
          ['calls per second', one.cps],
          ['campaigns', one.campaigns.join(', ') || 'none'],
        ],
        colour,
      ),
  }),
  form(gatewayRemove, { people: ({ name }) => `the limits of gateway ${name} were removed\n` }),
]

const state = ({ enabled }: Pick<Gateway, 'enabled'>): string => (enabled ? 'on' : 'off')

function sayOne(one: Gateway): string {
  return `gateway ${one.name} is ${state(one)}: ${one.lines} lines, ${one.cps} calls per second\n`
}
