// A caller waits in a queue until an agent takes the call. Music, announcements, limits, opening hours, and where a
// caller goes who gets no agent: all by the settings of the queue (docs/queues.md).
import { flow, text, type FlowCall, type FlowPlace } from '#flow'
import { agentTalk } from './lib/agent-talk.ts'
import { callbackNumber } from './lib/callback-number.ts'
import { leaveQueue } from './lib/leave-queue.ts'

export default flow({ queue: text() }, async (call, { queue }) => {
  await call.answer()
  const been: string[] = []
  let before: FlowPlace | undefined
  for (let next = queue; ;) {
    been.push(next)
    const end = await waitIn(call, next, been, before)
    if (typeof end === 'string') return end
    const { why, overflow } = end.exit!
    if (overflow.to === 'extension') await call.transfer(overflow.extension)
    if (overflow.to === 'voicemail') {
      await call.setVariable('overflow_queue', next) // names the queue of the message
      await call.transfer(`switchhook-mailbox-${overflow.extension}`, 'switchhook')
    }
    if (overflow.to !== 'queue') return why
    next = overflow.queue
    before = end // the caller keeps the time that was waited
  }
})

/** Resolves with the outcome of the call, or with the place that the caller has left for another one. */
async function waitIn(call: FlowCall, queue: string, been: readonly string[], before: FlowPlace | undefined) {
  await using place = await call.enqueue(queue, { after: before }) // given up at the end, however that comes
  let offered = false
  while (true) {
    await using agent = await place.agent({ within: '45s' })
    if (agent && (await agentTalk(call, agent, queue))) return 'talked'
    if (agent) continue // not answered: the caller keeps place and waiting time, and gets the next agent
    if (place.exit) {
      const end = await leaveQueue(call, place, been)
      if (end !== null) return end
    } else if (!offered && place.hasWaited('2m')) {
      offered = true
      const number = await callbackNumber(call)
      if (number === null) continue
      await place.keepForCallback(number)
      await call.play('queue/we-call-you')
      return 'callback'
    }
  }
}
