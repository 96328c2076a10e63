import { z } from 'zod'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { openPreviews } from '../../store/previews.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { previewShape, shownPreview } from './preview-named.ts'

export default operation({
  name: 'preview.list',
  summary: 'the agents of a campaign who look at a lead now, and at which (mode preview)',
  needs: 'database',
  role: 'reader',
  positional: ['campaign'],
  input: z.strictObject({ campaign: nameOf('campaign') }),
  output: z.array(previewShape),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ sql }, { campaign: name }) {
    const { id } = await findCampaign(sql, name)
    return (await openPreviews(sql, { campaign: id })).map(shownPreview)
  },
})
