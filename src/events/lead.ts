/** What happens to a lead of a campaign. The uuid of an attempt is the uuid of its call. */
import { event } from './event.ts'
import * as field from './fields.ts'

const { uuid, campaign, lead } = field

export const leadEvents = {
  'lead.previewed': event({
    version: 1,
    what: 'an agent looks at a lead before it is called (mode preview): the data for the screen; uuid is that of the call that may follow',
    toldBy: 'campaign',
    level: 'debug',
    data: { uuid, campaign, lead, agent: field.agent, number: field.number, fields: field.columns, until: field.until },
  }),
  'lead.preview_ended': event({
    version: 1,
    what: 'the agent no longer looks at the lead: it is called, or the campaign has it back, which uses up no attempt',
    toldBy: 'campaign',
    level: 'debug',
    data: { uuid, campaign, lead, agent: field.agent, how: field.how, reason: field.reason.optional() },
  }),
  'lead.attempted': event({
    version: 1,
    what: 'a lead was dialled',
    toldBy: 'campaign',
    level: 'debug',
    data: { uuid, campaign, lead, number: field.number },
  }),
  'lead.refused': event({
    version: 1,
    what: 'a lead was not called: FreeSWITCH or the gateway refused, which uses up no attempt',
    toldBy: 'campaign',
    level: 'info',
    data: { uuid, campaign, lead, cause: field.cause },
  }),
  'lead.connected': event({
    version: 1,
    what: 'an agent is reserved for a lead who has answered: the data for the screen of the agent, before the two talk',
    toldBy: 'flow',
    level: 'debug',
    data: { uuid, campaign, lead, agent: field.agent, number: field.number, fields: field.columns },
  }),
  'lead.disposed': event({
    version: 1,
    what: 'an attempt to reach a lead was settled',
    toldBy: 'campaign',
    level: 'info',
    data: {
      uuid,
      campaign: campaign.nullable(),
      lead,
      disposition: field.disposition,
      cause: field.cause.nullable(),
      again: field.again,
    },
  }),
  'lead.corrected': event({
    version: 1,
    what: 'an agent said what came of an attempt: it counts from now on; again is when the lead is called next, as far as it is known',
    toldBy: 'campaign',
    level: 'info',
    data: { uuid, campaign, lead, disposition: field.disposition, agent: field.agent, again: field.again },
  }),
}
