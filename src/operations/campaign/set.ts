import { z } from 'zod'
import { readNumbersAgain } from '../../campaign/read-again.ts'
import { defineCampaign, findCampaign } from '../../campaign/campaign-commands.ts'
import { backToDefault, mustChange, nameOf } from '../fields.ts'
import { CALL_SETTINGS } from '../../campaign/call-settings.ts'
import { operation } from '../operation.ts'
import {
  campaignBefore,
  campaignCalls,
  campaignSettings,
  campaignWithFigures,
  givenSettings,
  mustBeUsable,
  withFigures,
} from './campaign-named.ts'

const input = { ...campaignSettings, ...campaignCalls, unset: backToDefault(CALL_SETTINGS) }

export default operation({
  name: 'campaign.set',
  summary: 'changes some settings of a campaign; the others stay',
  needs: 'stores',
  role: 'supervisor',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('campaign'), ...input }),
  output: campaignWithFigures,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: campaignBefore,
  async run(parts, { name, ...given }) {
    await findCampaign(parts.sql, name)
    mustChange(given, Object.keys(input))
    await mustBeUsable(parts, given)
    const campaign = await defineCampaign(parts, { name, ...givenSettings(given), unset: given.unset })
    // its list was imported before anybody told the country
    if (given.country !== undefined) await readNumbersAgain(parts.sql, campaign.id, given.country, parts.clock.now())
    return withFigures(parts.sql, campaign)
  },
})
