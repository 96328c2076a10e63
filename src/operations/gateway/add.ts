import { z } from 'zod'
import { Refusal } from '../../base/errors.ts'
import { gatewayNamed, saveGateway } from '../../store/gateways.ts'
import { operation } from '../operation.ts'
import { cpsField, enabledField, gatewayBefore, gatewayShape, linesField, newGateway } from './gateway-named.ts'

export default operation({
  name: 'gateway.add',
  summary: 'gives a gateway of FreeSWITCH its number of lines and calls per second; all calls over it share them',
  needs: 'stores',
  role: 'supervisor',
  positional: ['name'],
  input: z.strictObject({
    name: newGateway,
    lines: linesField,
    cps: cpsField,
    enabled: enabledField.default('yes'),
  }),
  output: gatewayShape,
  refusals: ['IN_USE'],
  changes: true,
  thing: gatewayBefore,
  async run({ sql, wakeup, clock }, { name, enabled, ...limits }) {
    if (await gatewayNamed(sql, name))
      throw new Refusal('IN_USE', `there is a gateway '${name}' already: change it with gateway set`)
    const added = { name, ...limits, enabled: enabled === 'yes' }
    await saveGateway(sql, added, clock.now())
    await wakeup.ring({ what: 'gateways' })
    return added
  },
})
