// Feature code: the caller of the agent hears music, or is taken back. The agent calls on a second line.
import { flow } from '#flow'
import { agentAtTelephone, does } from './lib/at-telephone.ts'

export default flow(async call => {
  const agent = await agentAtTelephone(call)
  if (!agent) return null
  const { refused } = await call.operate('talk.hold', { talk: agent.name })
  if (refused === 'WRONG_STATE') return does(call, 'talk.unhold', { talk: agent.name }, 'agent/hold-over')
  await call.play(refused === undefined ? 'agent/on-hold' : 'agent/refused')
  return refused === undefined ? 'done' : 'refused'
})
