// Takes a caller out of a queue in which callers are parked, on this very line: the one who waits longest. When nobody
// waits, the agent hears so; with `wait`, the agent hears music and takes one caller after the other.
import { choice, flow, optional, text } from '#flow'
import { agentAtTelephone } from './lib/at-telephone.ts'

export default flow({ queue: text(), wait: optional(choice('yes')) }, async (call, { queue, wait }) => {
  const agent = await agentAtTelephone(call)
  if (!agent) return null
  let end: string = await call.takeCaller(agent.name, { queue })
  if (wait === 'yes') {
    await using _music = await call.music('moh/calm')
    while (end !== 'refused') end = await call.takeCaller(agent.name, { queue, waits: true })
  }
  if (end !== 'talked') await call.play(end === 'nobody' ? 'agent/nobody-waits' : 'agent/refused')
  return end
})
