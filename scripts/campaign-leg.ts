// The flow of a campaign's calls, from the lead's answer on: a person gets an agent at once, a machine is hung up on.
import { campaignFlow, type Uses } from '#flow'
import { leadTalk } from './lib/lead-talk.ts'

export const uses: Uses = { sounds: ['campaign/safe-harbour'] }

export default campaignFlow(async (call, lead) => {
  const heard = await call.detect()
  return heard === 'person' ? leadTalk(call, lead) : heard
})
