import { z } from 'zod'
import { removeBreakReason } from '../../recovery/definitions.ts'
import { operation } from '../operation.ts'
import { breakReasonNamed, reasonField } from './reason-named.ts'

export default operation({
  name: 'break-reason.remove',
  summary: 'removes a reason for breaks; a break that an agent takes now goes on',
  needs: 'stores',
  role: 'supervisor',
  positional: ['reason'],
  input: z.strictObject({ reason: reasonField }),
  output: z.object({ reason: z.string(), removed: z.literal(true) }),
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: breakReasonNamed,
  async run(parts, { reason }) {
    await removeBreakReason(parts, reason)
    return { reason, removed: true as const }
  },
})
