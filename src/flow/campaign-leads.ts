/** Maps the campaign's store of leads to what flows need of it (CampaignLeads in lead.ts). */
import { callSettingsIn } from '../campaign/call-settings.ts'
import { policyOf } from '../campaign/law/laws.ts'
import type { Leads } from '../campaign/leads.ts'
import type { CampaignLeads } from './lead.ts'

export function campaignLeads(leads: Leads): CampaignLeads {
  return {
    async find(uuid) {
      const found = await leads.attemptOf(uuid)
      if (!found || !(await leads.answered(uuid))) return null // no attempt of a campaign, or it is settled already
      const { lead, campaign } = found
      const { connectWithinMs, deadlineFrom } = policyOf(campaign.law)
      return {
        id: lead.id,
        number: lead.phone,
        fields: lead.fields,
        queue: campaign.queue,
        campaign: campaign.name,
        calls: callSettingsIn(campaign.calls),
        deadline: { ms: connectWithinMs, from: deadlineFrom },
        optOut: () => leads.optOut(lead.phone, 'flow'),
        connected: async agent => void (await leads.connected(uuid, agent)),
        settle: async (end, agent, evidence) => void (await leads.settle(uuid, end, { ...evidence, agent })),
      }
    },
  }
}
