import { z } from 'zod'
import { campaignsOver } from '../../store/gateways.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { findGateway, gatewayShape } from './gateway-named.ts'

export default operation({
  name: 'gateway.show',
  summary: 'the limits of one gateway, how many of its lines are in use, and the campaigns that name it',
  needs: 'stores',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('gateway') }),
  output: gatewayShape.extend({ inUse: z.number(), campaigns: z.array(z.string()) }),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ sql, wakeup, clock }, { name }) {
    const gateway = await findGateway(sql, name)
    return { ...gateway, inUse: await wakeup.linesInUse(name, clock.now()), campaigns: await campaignsOver(sql, name) }
  },
})
