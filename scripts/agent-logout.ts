// Feature code: the agent logs out.
import { flow } from '#flow'
import { agentAtTelephone, does } from './lib/at-telephone.ts'

export default flow(async call => {
  const agent = await agentAtTelephone(call)
  return agent && does(call, 'agent.out', { name: agent.name }, 'agent/logged-out')
})
