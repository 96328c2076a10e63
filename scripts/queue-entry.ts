// A caller waits in a queue until an agent takes the call, or asks to be called back.
import { flow, number as spoken, text } from '#flow'
import { agentTalk } from './lib/agent-talk.ts'
import { callbackNumber } from './lib/callback-number.ts'

export default flow({ queue: text() }, async (call, { queue }) => {
  await call.answer()
  await using place = await call.enqueue(queue) // given up when the flow ends, however it ends
  await using _music = await call.music('moh/calm')
  let offered = false
  while (true) {
    await using agent = await place.agent({ within: '45s' })
    if (agent && (await agentTalk(call, agent, queue))) return 'talked'
    if (agent) continue // not answered: the caller keeps place and waiting time, and gets the next agent
    if (!offered && place.hasWaited('2m')) {
      offered = true
      const number = await callbackNumber(call)
      if (number !== null) {
        await place.keepForCallback(number)
        await call.play('queue/we-call-you')
        return 'callback'
      }
    }
    await call.play(['queue/position', spoken(place.position)], { until: place.called })
  }
})
