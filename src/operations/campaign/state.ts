/** Starts, pauses and stops a campaign: one operation for each. */
import { z } from 'zod'
import { takesLeadsOf } from '../../agent/settings.ts'
import type { CampaignCommand } from '../../campaign/campaign.ts'
import { commandCampaign } from '../../campaign/campaign-commands.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { campaignBefore, campaignShape } from './campaign-named.ts'

const stateOperation = (command: CampaignCommand, summary: string) =>
  operation({
    name: `campaign.${command}`,
    summary,
    needs: 'stores',
    role: 'supervisor',
    positional: ['name'],
    input: z.strictObject({ name: nameOf('campaign') }),
    output: z.object({
      campaign: z.string(),
      state: campaignShape.shape.state,
      queue: z.string(),
      /** Agents of the queue who take leads and are ready: without one nobody is dialled. */
      agentsReady: z.number(),
      /** Neither rules nor hours: people are called at any hour of the day. */
      callsAtAnyHour: z.boolean(),
    }),
    refusals: ['NOT_FOUND', 'WRONG_STATE'],
    changes: true,
    thing: campaignBefore,
    async run(parts, { name }) {
      const now = parts.clock.now()
      const { state, queue, rules, hours } = await commandCampaign(parts, name, command, now)
      const agents = await parts.roster.list(now)
      const ready = agents.filter(one => one.status === 'ready' && takesLeadsOf(one, queue))
      const callsAtAnyHour = rules === 'none' && hours.length === 0
      return { campaign: name, state, queue, agentsReady: ready.length, callsAtAnyHour }
    },
  })

export const campaignStart = stateOperation('start', 'starts dialling, or resumes it')
export const campaignPause = stateOperation('pause', 'stops dialling until the next start; calls go on')
export const campaignStop = stateOperation('stop', 'ends the campaign; calls go on')
