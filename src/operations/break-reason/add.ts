import { z } from 'zod'
import { described, duration } from '../../base/parsed.ts'
import { defineBreakReason } from '../../recovery/definitions.ts'
import { operation } from '../operation.ts'
import { breakReasonNamed, breakReasonShape, reasonField } from './reason-named.ts'

export default operation({
  name: 'break-reason.add',
  summary: 'adds a reason for breaks, or changes its limit; agents may give no other reason then',
  needs: 'stores',
  role: 'supervisor',
  positional: ['reason'],
  input: z.strictObject({
    reason: reasonField,
    limit: described(
      duration('1m', '1d'),
      'how long such a break may last, 1d at most (default: no limit)',
      '<duration>',
    ).optional(),
  }),
  output: breakReasonShape,
  refusals: [],
  changes: true,
  thing: breakReasonNamed,
  async run(parts, { reason, limit }) {
    const added = { reason, limitMs: limit ?? null }
    await defineBreakReason(parts, added, parts.clock.now())
    return added
  },
})
