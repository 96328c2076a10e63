import { z } from 'zod'
import { operation } from '../operation.ts'
import { breakReasonShape } from './reason-named.ts'

export default operation({
  name: 'break-reason.list',
  summary: 'the reasons for breaks that agents may give; none: any reason',
  needs: 'redis',
  role: 'reader',
  positional: [],
  input: z.strictObject({}),
  output: z.array(breakReasonShape),
  refusals: [],
  changes: false,
  run: ({ roster }) => roster.breakReasons(),
})
