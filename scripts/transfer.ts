// A caller who was transferred to an agent or a number. Without an answer the caller goes back to a queue, and waits
// there for somebody else.
import { flow, optional, text, type FlowCall } from '#flow'
import operator from './operator.ts'
import queueEntry from './queue-entry.ts'

export default flow(
  { agent: optional(text()), number: optional(text()), queue: optional(text()) },
  async (call, { agent, number, queue }) => {
    await call.answer()
    const talked = agent !== undefined ? await toAgent(call, agent) : await toNumber(call, number ?? '')
    if (talked) return 'talked'
    return queue === undefined ? operator(call) : queueEntry(call, { queue })
  },
)

async function toAgent(call: FlowCall, name: string): Promise<boolean> {
  await using _music = await call.music('moh/calm')
  await using agent = await call.agent(name)
  if (!agent) return false
  await using party = await call.dial(agent)
  if (!party.leg) return false
  await using _tape = await call.recording()
  return (await call.join(party.leg)) === 'talked'
}

async function toNumber(call: FlowCall, number: string): Promise<boolean> {
  await using _music = await call.music('moh/calm')
  await using party = await call.dial(number)
  if (!party.leg) return false
  await using _tape = await call.recording()
  return (await call.join(party.leg)) === 'talked'
}
