import { z } from 'zod'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { ownDispositions } from '../../store/dispositions.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { dispositionShape, shownAll } from './disposition-named.ts'

export default operation({
  name: 'disposition.list',
  summary: 'the built-in dispositions, and those of one campaign',
  needs: 'database',
  role: 'reader',
  positional: ['campaign'],
  input: z.strictObject({ campaign: nameOf('campaign').optional() }),
  output: z.array(dispositionShape),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ sql }, { campaign }) {
    return shownAll(campaign === undefined ? [] : await ownDispositions(sql, (await findCampaign(sql, campaign)).id))
  },
})
