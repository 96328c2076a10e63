// Feature code: the caller of the agent hears music, or is taken back. The agent calls on a second line.
import { flow } from '#flow'
import { agentAtTelephone } from './lib/at-telephone.ts'

export default flow(async call => {
  const agent = await agentAtTelephone(call)
  if (!agent) return null
  const talk = { talk: agent.name }
  const { output } = await call.operate('talk.show', talk) // read first: a node that takes over must not hold it back
  const { onHold } = (output ?? {}) as { readonly onHold?: boolean }
  if (onHold !== undefined) await call.operate(onHold ? 'talk.unhold' : 'talk.hold', talk) // refused when it is so
  await call.play(onHold === undefined ? 'agent/refused' : onHold ? 'agent/hold-over' : 'agent/on-hold')
  return onHold === undefined ? 'refused' : 'done'
})
