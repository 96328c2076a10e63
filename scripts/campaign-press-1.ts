// A person hears a message and may press 1 to talk to somebody: an agent of the campaign's queue, in which they wait as
// a caller does, or an extension (setting pressOneTo).
//
// The message must say by law what that of campaign-message must say: who calls, the telephone number, and how to opt
// out by key (47 CFR 64.1200(b), 16 CFR 310.4(b)(1)(v)); and what key 1 is for. It needs the same consent. A person
// who presses 1 has asked for the talk, so the two seconds of the law have been kept by the message.
import { campaignFlow, type Disposition, type FlowCall, type Lead, type Uses } from '#flow'
import { agentTalk } from './lib/agent-talk.ts'
import { leadMessage } from './lib/lead-message.ts'

export const uses: Uses = { sounds: ['campaign/message', 'campaign/nobody-free'] }

export default campaignFlow(async (call, lead) => {
  const heard = await call.detect()
  if (heard !== 'person') return heard
  switch (await leadMessage(call, lead, { asks: true })) {
    case 'stop':
      return 'opted-out'
    case 'heard':
      return 'message'
    case 'wants': {
      lead.asked()
      const { pressOneTo } = lead.settings
      if (pressOneTo === '') return waits(call, lead)
      await call.transfer(pressOneTo)
      return 'transferred'
    }
  }
})

/** They wait by the settings of the queue; who gets no agent is called again. */
async function waits(call: FlowCall, lead: Lead): Promise<Disposition> {
  await using place = await call.enqueue(lead.queue, { maxWait: '2m' })
  while (true) {
    await using agent = await place.agent({ within: '45s' })
    if (agent && (await agentTalk(call, agent, lead.queue))) return 'talked'
    if (!place.exit) continue
    await call.play('campaign/nobody-free', { skipMissing: true })
    return 'callback'
  }
}
