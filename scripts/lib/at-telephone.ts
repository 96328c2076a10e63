// Who calls by a feature code, and what they hear of it.
import { type AgentThere, type FlowCall } from '#flow'

/**
 * The agent who calls; null when the telephone is nobody's: then the agent hears it. Agents who share a telephone type
 * their job number.
 */
export async function agentAtTelephone(call: FlowCall): Promise<AgentThere | null> {
  await call.answer()
  const agents = await call.agents()
  const agent = agents.length > 1 ? await chosen(call, agents) : agents[0]
  if (!agent) await call.play('agent/unknown')
  return agent ?? null
}

async function chosen(call: FlowCall, agents: readonly AgentThere[]): Promise<AgentThere | undefined> {
  const number = await call.gather({ digits: [1, 12], prompt: 'agent/your-number' })
  return agents.find(({ jobNumber }) => jobNumber !== '' && jobNumber === number)
}

/** Performs an operation and says that it is done, or that it was refused. The outcome of the flow. */
export async function does(
  call: FlowCall,
  operation: string,
  input: Readonly<Record<string, unknown>>,
  done: string,
): Promise<'done' | 'refused'> {
  const { refused } = await call.operate(operation, input)
  await call.play(refused === undefined ? done : 'agent/refused')
  return refused === undefined ? 'done' : 'refused'
}
