// Feature code: the agent takes a break. `reason`: its place in `switchhook break-reason list`, from 1 on.
import { flow, integer, optional } from '#flow'
import { agentAtTelephone, does } from './lib/at-telephone.ts'

export default flow({ reason: optional(integer()) }, async (call, { reason }) => {
  const agent = await agentAtTelephone(call)
  if (!agent) return null
  const { output } = await call.operate('break-reason.list', {})
  const reasons = (output ?? []) as readonly { readonly reason: string }[]
  const why = reason === undefined ? undefined : reasons[reason - 1]?.reason
  if (why === undefined && reasons.length > 0) {
    await call.play('agent/which-reason')
    return 'refused'
  }
  return does(call, 'agent.break', { name: agent.name, ...(why !== undefined && { reason: why }) }, 'agent/break')
})
