/** What happens to a campaign as a whole. */
import { event } from './event.ts'
import { campaign } from './fields.ts'

const data = { campaign }

export const campaignEvents = {
  'campaign.started': event({ version: 1, what: 'a campaign was started', toldBy: 'campaign', level: 'info', data }),
  'campaign.paused': event({ version: 1, what: 'a campaign was paused', toldBy: 'campaign', level: 'info', data }),
  'campaign.stopped': event({ version: 1, what: 'a campaign was stopped', toldBy: 'campaign', level: 'info', data }),
  'campaign.completed': event({
    version: 1,
    what: 'a campaign is done: no lead is left to call',
    toldBy: 'campaign',
    level: 'info',
    data,
  }),
}
