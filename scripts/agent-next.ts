// Feature code: the agent takes the next caller of their queues on this very line, and no other one. When nobody waits,
// the agent's telephone rings for the next caller who comes.
import { flow } from '#flow'
import { agentAtTelephone, does } from './lib/at-telephone.ts'

export default flow(async call => {
  const agent = await agentAtTelephone(call)
  if (!agent) return null
  const end = await call.takeCaller(agent.name)
  if (end === 'talked') return end
  await call.operate('agent.wrap-up', { name: agent.name }) // refused when there is none
  return does(call, 'agent.on-demand', { name: agent.name }, 'agent/next-caller')
})
