// The flow of a campaign's calls, from the lead's answer on: a person gets an agent at once, a machine is hung up on.
import { campaignFlow } from '#flow'

export default campaignFlow(async (call, lead) => {
  const heard = await call.detect()
  if (heard !== 'person') return heard
  const agent = await lead.agent() // waits until the legal deadline: 2 s after the greeting
  if (!agent) {
    const stop = await call.menu('campaign/safe-harbour', { 9: 'stop' }, { tries: 1, timeout: '4s' })
    if (stop) await lead.optOut()
    return 'abandoned' // counts for the campaign's abandonment rate
  }
  await using _tape = await call.recording()
  return (await call.join(agent.leg)) === 'talked' ? 'talked' : 'abandoned' // or the agent was gone already
})
