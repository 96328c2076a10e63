import { z } from 'zod'
import { saveGateway } from '../../store/gateways.ts'
import { mustChange, nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { cpsField, enabledField, findGateway, gatewayBefore, gatewayShape, linesField } from './gateway-named.ts'

const settings = { lines: linesField.optional(), cps: cpsField.optional(), enabled: enabledField.optional() }

export default operation({
  name: 'gateway.set',
  summary: 'changes the limits of a gateway, or switches it off and on; calls that are under way go on',
  needs: 'stores',
  role: 'supervisor',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('gateway'), ...settings }),
  output: gatewayShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: gatewayBefore,
  async run({ sql, wakeup, clock }, { name, ...given }) {
    const before = await findGateway(sql, name)
    mustChange(given, Object.keys(settings))
    const { lines = before.lines, cps = before.cps, enabled = before.enabled ? 'yes' : 'no' } = given
    const changed = { name, lines, cps, enabled: enabled === 'yes' }
    await saveGateway(sql, changed, clock.now())
    await wakeup.ring({ what: 'gateways' })
    return changed
  },
})
