// Feature code: the agent takes the next caller, and no other one. The telephone rings when this call is over.
import { flow } from '#flow'
import { agentAtTelephone, does } from './lib/at-telephone.ts'

export default flow(async call => {
  const agent = await agentAtTelephone(call)
  if (!agent) return null
  await call.operate('agent.wrap-up', { name: agent.name }) // refused when there is none
  return does(call, 'agent.on-demand', { name: agent.name }, 'agent/next-caller')
})
