// A caller waits in a queue until an agent takes the call, or asks to be called back.
import { flow, number, text, type FlowCall } from '#flow'
import { agentTalk } from './lib/agent-talk.ts'

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
      if (await wantsCallback(call)) {
        await place.keepForCallback(call.from)
        await call.play('queue/we-call-you')
        return 'callback'
      }
    }
    await call.play(['queue/position', number(place.position)], { until: place.called })
  }
})

async function wantsCallback(call: FlowCall): Promise<boolean> {
  if (call.from === '') return false // a withheld number cannot be called back
  return (await call.menu('queue/callback-offer', { 1: 'callback' }, { tries: 1, timeout: '4s' })) === 'callback'
}
