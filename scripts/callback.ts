// Calls a customer back who was promised it. The queue decides whose telephone rings first: the agent's, or the
// customer's, who then has the place in the queue that was kept.
import { callbackFlow, type Callback, type CallbackEnd, type FlowCall, type Uses } from '#flow'
import { agentTalk } from './lib/agent-talk.ts'

export const uses: Uses = {
  sounds: ['busy', 'no-answer', 'declined', 'invalid', 'cancelled', 'failed', 'refused', 'lost', 'closed'].map(
    outcome => `dial/${outcome}`,
  ),
}

export default callbackFlow((call, callback) =>
  callback.called === 'agent' ? onTheAgentsLine(call, callback) : onTheCustomersLine(call, callback),
)

/** The agent hears what it is about, takes it with key 1, and the customer is called. */
async function onTheAgentsLine(call: FlowCall, callback: Callback): Promise<CallbackEnd> {
  await call.answer()
  const sounds = [`whisper/${callback.queue}`, 'whisper/callback', 'whisper/press-1']
  if ((await call.menu(sounds, { 1: 'take' }, { timeout: '4s' })) === null) return 'not-taken'
  await using _music = await call.music('moh/calm')
  await using party = await callback.dial()
  if (!party.leg) {
    await call.play(`dial/${party.outcome}`)
    return party.outcome
  }
  await using _tape = await call.recording()
  return (await call.join(party.leg)) === 'talked' ? 'talked' : 'hung-up'
}

/** The customer says with key 1 that a person is there, and waits for the next agent at the place that was kept. */
async function onTheCustomersLine(call: FlowCall, { queue }: Callback): Promise<CallbackEnd> {
  await call.answer()
  if ((await call.menu(['callback/hello', 'callback/press-1'], { 1: 'here' }, { timeout: '4s' })) === null)
    return 'machine'
  await using place = await call.enqueue(queue, { promised: true })
  while (true) {
    await using agent = await place.agent({ within: '45s' })
    if (agent && (await agentTalk(call, agent, queue))) return 'talked'
  }
}
