// Feature code: the agent logs in to all queues.
import { flow } from '#flow'
import { agentAtTelephone, does } from './lib/at-telephone.ts'

export default flow(async call => {
  const agent = await agentAtTelephone(call)
  return agent && does(call, 'agent.login', { name: agent.name }, 'agent/logged-in')
})
