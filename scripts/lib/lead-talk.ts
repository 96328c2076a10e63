// A person who has answered gets an agent, or hears who called: within the time that the law allows.
//
// 16 CFR 310.4(b)(4)(iii) and 47 CFR 64.1200(a)(7)(i): when no agent talks to the person within two seconds of the
// greeting, a recorded message states the name and the telephone number of the seller, that the call was for
// telemarketing purposes, and offers an opt-out by key. So the sound of `safeHarbour` must say: who calls, the number,
// "press 9 and we never call again". It may not contain anything else.
import type { Disposition, FlowCall, Lead } from '#flow'

export async function leadTalk(call: FlowCall, lead: Lead): Promise<Disposition> {
  const agent = await lead.agent() // waits until the legal deadline
  if (!agent) {
    const { safeHarbour, optOutKey } = lead.settings
    const stop = await call.menu(safeHarbour, { [optOutKey]: 'stop' }, { tries: 1, timeout: '4s' })
    if (stop) await lead.optOut()
    return 'abandoned' // counts for the campaign's abandonment rate
  }
  await using _tape = await call.recording()
  return (await call.join(agent.leg)) === 'talked' ? 'talked' : 'abandoned' // or the agent was gone already
}
