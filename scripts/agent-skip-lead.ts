// Feature code: the lead at which the agent looks is skipped. The agent calls on a second line.
import { flow } from '#flow'
import { agentAtTelephone, does } from './lib/at-telephone.ts'

export default flow(async call => {
  const agent = await agentAtTelephone(call)
  return agent && does(call, 'preview.skip', { agent: agent.name }, 'agent/lead-skipped')
})
