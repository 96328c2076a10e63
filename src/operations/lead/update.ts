import { z } from 'zod'
import { Refusal } from '../../base/errors.ts'
import { changeLead } from '../../store/lead-changes.ts'
import { moment, mustChange } from '../fields.ts'
import { operation } from '../operation.ts'
import {
  campaignName,
  findLead,
  leadBefore,
  leadFields,
  leadNumberField,
  leadPriority,
  leadShape,
} from './lead-named.ts'

export default operation({
  name: 'lead.update',
  summary: 'changes the fields, the priority or the next call of a lead',
  needs: 'stores',
  role: 'supervisor',
  positional: ['campaign', 'number'],
  input: z.strictObject({
    campaign: campaignName,
    number: leadNumberField,
    fields: leadFields.optional(),
    priority: leadPriority.optional(),
    callAt: moment.optional().meta({ description: 'its next call, not before this time', placeholder: '<time>' }),
  }),
  output: leadShape,
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  thing: leadBefore,
  async run(parts, { fields, priority, callAt, ...named }) {
    mustChange({ fields, priority, callAt }, ['fields', 'priority', 'callAt'])
    const { campaign, lead } = await findLead(parts, named)
    const change = { fields, priority, nextAt: callAt }
    if (!(await changeLead(parts.sql, lead.id, change, parts.clock.now()))) {
      const now = (await findLead(parts, named)).lead
      throw new Refusal(
        'WRONG_STATE',
        now.state === 'claimed'
          ? `${lead.phone} is called in this moment; its next call follows from this one. Set a time when it has ended`
          : `${lead.phone} is not called again (${now.disposition ?? now.state}); switchhook lead recycle makes such leads ready again`,
      )
    }
    await parts.wakeup.ring({ what: 'campaign', name: campaign.name })
    return (await findLead(parts, named)).lead
  },
})
