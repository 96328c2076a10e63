// Ring, whisper, consent, recording, talk. An agent who is on the line for a campaign takes what comes: the first three are left out.
import type { Agent, Call, FlowCall } from '#flow'

/** True when caller and agent have talked. */
export async function agentTalk(call: FlowCall, agent: Agent, topic: string): Promise<boolean> {
  await using party = await call.dial(agent.endpoint, { before: leg => accepts(leg, topic) })
  if (!party.leg) return false
  await using _tape = await call.recording()
  return (await call.join(party.leg)) === 'talked'
}

/** The agent hears what it is about and takes the call with 1. */
async function accepts(leg: Call, topic: string): Promise<boolean> {
  await leg.play(`whisper/${topic}`)
  return (await leg.menu('whisper/press-1', { 1: 'accept' }, { timeout: '4s' })) === 'accept'
}
