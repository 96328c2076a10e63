/** A campaign's side of the calls that it made, as flows need it. */
import type { Leads } from '../campaign/leads.ts'
import type { CampaignLeads } from './lead.ts'

export function campaignLeads(leads: Leads): CampaignLeads {
  return {
    async find(uuid) {
      const found = await leads.attemptOf(uuid)
      if (!found || !(await leads.answered(uuid))) return null // no attempt of ours, or one that was settled without this call
      const { lead, campaign } = found
      return {
        id: lead.id,
        number: lead.phone,
        fields: lead.fields,
        queue: campaign.queue,
        optOut: () => leads.optOut(lead.phone, 'flow'),
        connected: async agent => void (await leads.connected(uuid, agent)),
        settle: async (end, agent) => void (await leads.settle(uuid, end, agent === null ? {} : { agent })),
      }
    },
  }
}
