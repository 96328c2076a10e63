// Feature code: the agent is ready, and a wrap-up ends. One that waits for a disposition goes on.
import { flow } from '#flow'
import { agentAtTelephone, does } from './lib/at-telephone.ts'

export default flow(async call => {
  const agent = await agentAtTelephone(call)
  if (!agent) return null
  await call.operate('agent.wrap-up', { name: agent.name }) // refused when there is none
  return does(call, 'agent.ready', { name: agent.name }, 'agent/ready')
})
