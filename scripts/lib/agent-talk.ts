// Ring, whisper, consent, recording, talk. A nailed-up agent is on the line already and gets only the last two.
import type { Agent, Call, FlowCall } from '#flow'

/** Dials the agent and joins the two. True when they have talked. `topic`: the sound whisper/<topic> for the agent. */
export async function agentTalk(call: FlowCall, agent: Agent, topic: string): Promise<boolean> {
  await using party = await call.dial(agent, { before: leg => accepts(leg, topic) })
  if (!party.leg) return false
  await using _tape = await call.recording()
  return (await call.join(party.leg)) === 'talked'
}

/** The agent hears the topic and accepts the call with key 1, also before the end of the sounds. */
async function accepts(leg: Call, topic: string): Promise<boolean> {
  const sounds = [`whisper/${topic}`, 'whisper/press-1']
  return (await leg.menu(sounds, { 1: 'accept' }, { timeout: '4s' })) === 'accept'
}
