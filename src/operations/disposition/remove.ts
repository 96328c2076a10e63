import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { deleteOwnDisposition, ownDispositions } from '../../store/dispositions.ts'
import { nameOf, removal } from '../fields.ts'
import { operation } from '../operation.ts'
import { dispositionName, ownNamed } from './disposition-named.ts'

export default operation({
  name: 'disposition.remove',
  summary: 'removes a disposition of a campaign; calls that have it keep its name',
  needs: 'database',
  role: 'supervisor',
  positional: ['campaign', 'name'],
  input: z.strictObject({ campaign: nameOf('campaign'), name: dispositionName }),
  output: removal,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: ownNamed,
  async run({ sql }, { campaign, name }) {
    const { id } = await findCampaign(sql, campaign)
    const known = (await ownDispositions(sql, id)).map(one => one.name)
    if (!(await deleteOwnDisposition(sql, id, name))) throw new NotFoundError('disposition', name, known)
    return { name, removed: true as const }
  },
})
