// A lead has answered: a person gets an agent at once, a machine is left alone.
import { campaignFlow } from '#flow'

export default campaignFlow(async (call, lead) => {
  const heard = await call.detect()
  if (heard !== 'person') return heard
  const agent = await lead.agent() // until the campaign's legal deadline, counted from the greeting
  if (!agent) {
    const stop = await call.menu('campaign/safe-harbour', { 9: 'stop' }, { tries: 1, timeout: '4s' })
    if (stop) await lead.optOut()
    return 'abandoned' // counted against the budget
  }
  await using _tape = await call.recording()
  return (await call.join(agent.leg)) === 'talked' ? 'talked' : 'abandoned' // the agent left in that very moment
})
