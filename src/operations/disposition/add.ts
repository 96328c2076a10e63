import { z } from 'zod'
import { described, oneOf } from '../../base/parsed.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { AGENT_DISPOSITIONS } from '../../campaign/disposition.ts'
import { checkOwn } from '../../campaign/own-dispositions.ts'
import { ownDispositions, saveOwnDisposition } from '../../store/dispositions.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { dispositionName, dispositionShape, ownNamed, shownOwn } from './disposition-named.ts'

export default operation({
  name: 'disposition.add',
  summary: 'adds a disposition for the agents of a campaign, or changes it',
  needs: 'database',
  role: 'supervisor',
  positional: ['campaign', 'name'],
  input: z.strictObject({
    campaign: nameOf('campaign'),
    name: dispositionName,
    as: described(
      oneOf(AGENT_DISPOSITIONS),
      `the built-in disposition as which it behaves: ${AGENT_DISPOSITIONS.join(', ')}`,
      '<disposition>',
    ),
    means: described(z.string().trim().min(1).max(200), 'one line for people (default: its name)', '<text>').optional(),
    status: described(
      z.string().regex(/^[A-Z0-9]{1,6}$/, 'allowed: 1 to 6 capital letters and digits'),
      'its letters, which an agent may type too (default: none)',
      '<letters>',
    ).optional(),
    again: described(
      z.string(),
      'delay to the next call of the lead, such as 30d, or never (default: as the built-in one)',
      '<duration>',
    ).optional(),
  }),
  output: dispositionShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: ownNamed,
  async run({ sql, clock }, { campaign, name, as, means = name, status = null, again = null }) {
    const { id } = await findCampaign(sql, campaign)
    const row = { name, behavesAs: as, status, means, again }
    checkOwn(row, await ownDispositions(sql, id))
    await saveOwnDisposition(sql, id, row, clock.now())
    return shownOwn(row)
  },
})
