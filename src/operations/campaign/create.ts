import { z } from 'zod'
import { described } from '../../base/parsed.ts'
import { commandCampaign, createCampaign } from '../../campaign/campaign-commands.ts'
import { nameOf } from '../fields.ts'
import { addedShape, givenLeads, leadList } from '../lead/lead-named.ts'
import { operation } from '../operation.ts'
import {
  campaignBefore,
  campaignCalls,
  campaignSettings,
  campaignShape,
  givenSettings,
  mustBeUsable,
} from './campaign-named.ts'

export default operation({
  name: 'campaign.create',
  summary: 'creates a campaign without a file, with the leads of the request or with none',
  needs: 'stores',
  role: 'supervisor',
  positional: ['name'],
  input: z.strictObject({
    name: nameOf('campaign'),
    leads: leadList.optional(),
    ...campaignSettings,
    queue: described(z.string(), 'its agents talk with the people who answer', '<queue>'),
    ...campaignCalls,
    start: described(z.boolean(), 'dialling starts at once').default(false),
  }),
  output: z.object({ campaign: z.string(), state: campaignShape.shape.state, ...addedShape }),
  refusals: ['NOT_FOUND', 'IN_USE'],
  changes: true,
  mustBeOnce: true,
  thing: campaignBefore,
  async run(parts, { name, leads = [], start, ...given }) {
    await mustBeUsable(parts, { ...given, flow: given.flow ?? 'campaign-leg' })
    const settings = { name, ...givenSettings(given) }
    const added = await createCampaign(parts, settings, givenLeads(leads), parts.clock.now())
    if (start) await commandCampaign(parts, name, 'start', parts.clock.now())
    return { campaign: name, state: start ? ('running' as const) : ('draft' as const), ...added }
  },
})
