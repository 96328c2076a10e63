// A campaign that leaves a message on answering machines, behind their greeting. A person gets an agent, or the message
// of campaign-message (setting voicemailPerson).
//
// What the message on the machine must say by law (USA): who calls, and a telephone number under which the person can
// opt out; for telemarketing that number is toll-free and answered by a machine that takes opt-outs by key
// (47 CFR 64.1200(b)(2), (3)). It needs the same consent as campaign-message. "Ringless" is nothing else by that law.
import { campaignFlow, type Uses } from '#flow'
import { leadMessage } from './lib/lead-message.ts'
import { leadTalk } from './lib/lead-talk.ts'

export const uses: Uses = { sounds: ['campaign/voicemail', 'campaign/message', 'campaign/safe-harbour'] }

export default campaignFlow(async (call, lead) => {
  const { voicemailMessage, voicemailPerson, voicemailWithinMs, beepTones } = lead.settings
  const heard = await call.detect()
  if (heard === 'silence') return heard
  if (heard === 'person') {
    if (voicemailPerson === 'agent') return leadTalk(call, lead)
    return (await leadMessage(call, lead, { asks: false })) === 'stop' ? 'opted-out' : 'message'
  }
  const end = await call.beep({ within: `${voicemailWithinMs}ms`, tones: beepTones })
  if (end === 'limit') return 'machine' // it talks on: nothing would be recorded
  await call.play(voicemailMessage)
  return 'voicemail'
})
