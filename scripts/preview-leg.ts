// The flow of calls whose agent has looked at the lead before (mode preview): the agent talks with whoever answers,
// from the first word on. Nothing listens for a machine; the agent says so in the wrap-up.
import { campaignFlow, type Uses } from '#flow'
import { leadTalk } from './lib/lead-talk.ts'

export const uses: Uses = { sounds: ['campaign/safe-harbour'] }

export default campaignFlow((call, lead) => leadTalk(call, lead))
