import { z } from 'zod'
import { Refusal } from '../../base/errors.ts'
import { campaignsOver, deleteGateway } from '../../store/gateways.ts'
import { nameOf, removal } from '../fields.ts'
import { operation } from '../operation.ts'
import { findGateway, gatewayBefore } from './gateway-named.ts'

export default operation({
  name: 'gateway.remove',
  summary: 'forgets the limits of a gateway, when no campaign names it; FreeSWITCH keeps the gateway',
  needs: 'stores',
  role: 'supervisor',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('gateway') }),
  output: removal,
  refusals: ['NOT_FOUND', 'IN_USE'],
  changes: true,
  thing: gatewayBefore,
  async run({ sql, wakeup }, { name }) {
    await findGateway(sql, name)
    const campaigns = await campaignsOver(sql, name)
    if (campaigns.length > 0)
      throw new Refusal('IN_USE', `campaigns call over '${name}': change their gateways first: ${campaigns.join(', ')}`)
    await deleteGateway(sql, name)
    await wakeup.ring({ what: 'gateways' })
    return { name, removed: true as const }
  },
})
