import { z } from 'zod'
import { gatewayRows } from '../../store/gateways.ts'
import { operation } from '../operation.ts'
import { gatewayShape } from './gateway-named.ts'

export default operation({
  name: 'gateway.list',
  summary: 'the gateways that have limits of their own',
  needs: 'database',
  role: 'reader',
  positional: [],
  input: z.strictObject({}),
  output: z.array(gatewayShape),
  refusals: [],
  changes: false,
  run: ({ sql }) => gatewayRows(sql),
})
