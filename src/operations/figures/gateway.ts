import { z } from 'zod'
import { hangupCauses } from '../../store/hangup-causes.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { share } from './window.ts'

const count = z.number()

export default operation({
  name: 'figures.gateway',
  summary: 'why the calls of campaigns ended in the last 1, 5, 15 and 60 minutes, by gateway and hang-up cause',
  needs: 'database',
  role: 'reader',
  positional: ['gateway'],
  input: z.strictObject({ gateway: nameOf('gateway').optional() }),
  output: z.array(
    z.object({
      gateway: z.string().nullable(),
      /** FreeSWITCH's; null: none is known. */
      cause: z.string().nullable(),
      last1m: count,
      last5m: count,
      last15m: count,
      last60m: count,
      /** last60m ÷ all calls of this gateway in that hour. */
      share: z.number().nullable(),
    }),
  ),
  refusals: [],
  changes: false,
  async run({ sql, clock }, { gateway }) {
    const causes = await hangupCauses(sql, clock.now(), gateway)
    const all = (of: string | null) => causes.reduce((sum, one) => (one.gateway === of ? sum + one.last60m : sum), 0)
    return causes.map(one => ({ ...one, share: share(one.last60m, all(one.gateway)) }))
  },
})
