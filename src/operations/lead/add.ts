import { z } from 'zod'
import { FieldFaults } from '../../base/errors.ts'
import { described } from '../../base/parsed.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { addLeads } from '../../campaign/lead-commands.ts'
import { moment } from '../callback/callback-named.ts'
import { operation } from '../operation.ts'
import { campaignName, leadCounts, leadFields, leadPriority } from './lead-named.ts'

const MOST = 10_000

const number = z.string().min(1).max(200)
const callAt = moment.meta({ description: 'not called before this time (default: now)', placeholder: '<time>' })
const EACH = 'each lead is a number, or { number, fields, priority, callAt }; the last three may be absent'
const optional = {
  fields: leadFields.optional(),
  priority: leadPriority.optional(),
  callAt: callAt.optional(),
}

export default operation({
  name: 'lead.add',
  summary: 'adds people to the list of a campaign, also while it runs',
  needs: 'stores',
  role: 'supervisor',
  positional: ['campaign', 'number'],
  input: z.strictObject({
    campaign: campaignName,
    number: described(number, 'the number to call').optional(),
    ...optional,
    leads: described(
      z.array(z.union([number, z.strictObject({ number, ...optional })], { error: EACH })).max(MOST),
      `many at once, ${MOST} at most: numbers separated by commas; programs give each with its fields, priority and callAt`,
      '<numbers>',
    ).optional(),
  }),
  output: z.object({
    campaign: z.string(),
    added: z.number(),
    /** Numbers that the campaign has already, or that were given twice. */
    duplicates: z.number(),
    optedOut: z.number(),
    rejected: z.array(z.object({ number: z.string(), allowed: z.string() })),
  }),
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: leadCounts,
  async run(parts, { campaign: name, number: one, leads = [], fields, priority, callAt: nextAt }) {
    const all = leads.map(lead => (typeof lead === 'string' ? { number: lead } : lead))
    const given = [...(one === undefined ? [] : [{ number: one }]), ...all]
    if (given.length === 0)
      throw new FieldFaults([{ field: '', message: 'nobody to add: give', give: ['number', 'leads'] }])
    const campaign = await findCampaign(parts.sql, name)
    const added = await addLeads(
      parts,
      campaign,
      given.map(lead => ({
        number: lead.number,
        fields: { ...fields, ...('fields' in lead ? lead.fields : undefined) },
        priority: ('priority' in lead ? lead.priority : undefined) ?? priority,
        nextAt: ('callAt' in lead ? lead.callAt : undefined) ?? nextAt,
      })),
      parts.clock.now(),
    )
    return { campaign: campaign.name, ...added }
  },
})
