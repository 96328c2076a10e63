// Ring, whisper, consent, job number, recording, talk. A nailed-up agent is on the line already: nothing rings. Where
// the queue asks for neither whisper nor key, such an agent is joined at once.
import { digits, type Agent, type Call, type FlowCall } from '#flow'

/** Dials the agent and joins the two. True when they have talked. `topic`: the sound whisper/<topic> for the agent. */
export async function agentTalk(call: FlowCall, agent: Agent, topic: string): Promise<boolean> {
  const asks = agent.whisper || agent.accept === 'key'
  await using party = await call.dial(agent, asks ? { before: leg => accepts(leg, agent, topic) } : {})
  if (!party.leg) return false
  if (agent.jobNumber !== null) await call.play(['agent/number', digits(agent.jobNumber), 'agent/serves-you'])
  await using _tape = await call.recording()
  return (await call.join(party.leg)) === 'talked'
}

/** The agent hears the topic, and accepts the call with key 1 (also before the end of the sounds) or by answering. */
async function accepts(leg: Call, { whisper, accept }: Agent, topic: string): Promise<boolean> {
  const topics = whisper ? [`whisper/${topic}`] : []
  if (accept === 'key')
    return (await leg.menu([...topics, 'whisper/press-1'], { 1: 'accept' }, { timeout: '4s' })) === 'accept'
  await leg.play(topics)
  return true
}
