// A campaign without agents: a person who answers hears a message, a machine is hung up on.
//
// What the message must say by law (USA): at its beginning who calls; the telephone number, during it or after it
// (47 CFR 64.1200(b)(1), (2)); and how to opt out by key, within two seconds of the name (64.1200(b)(3), and
// 16 CFR 310.4(b)(1)(v)(B)): "press 9 and we never call again". A person who presses the key is hung up on at once.
// Such calls need the written consent of the person beforehand (16 CFR 310.4(b)(1)(v)(A), 47 CFR 64.1200(a)(2), (3));
// other countries forbid them or ask for more.
import { campaignFlow, type Uses } from '#flow'
import { leadMessage } from './lib/lead-message.ts'

export const uses: Uses = { sounds: ['campaign/message'] }

export default campaignFlow(async (call, lead) => {
  const heard = await call.detect()
  if (heard !== 'person') return heard
  return (await leadMessage(call, lead, { asks: false })) === 'stop' ? 'opted-out' : 'message'
})
