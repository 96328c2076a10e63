// Feature code: the caller of the agent goes to another number. The agent calls on a second line.
import { flow, text } from '#flow'
import { agentAtTelephone, does } from './lib/at-telephone.ts'

export default flow({ number: text() }, async (call, { number }) => {
  const agent = await agentAtTelephone(call)
  if (!agent) return null
  if (agent.call === null) {
    await call.play('agent/refused')
    return 'refused'
  }
  return does(call, 'call.transfer', { call: agent.call, number }, 'agent/transferred')
})
