/**
 * Reserves an agent by name for a call: a transfer, a consultation, an agent whom a flow names. Of the agents who share
 * a telephone only one has a call at a time. The matcher writes that in one step with the others' records; here the
 * reservation comes first and the look at the others after it. So of two who reserve at the same moment at least one
 * finds the other, and gives up. Used by queue/named-agent.ts and node/call-acts.ts.
 */
import { whyNotNow, type Agent, type WhyNot } from './agent.ts'
import type { Roster } from './roster.ts'
import { sharingTelephone, usesTelephone } from './telephone-index.ts'

/**
 * A call that has reserved the agent may do so again. Resolves with why the agent gets no call now ('busy-elsewhere':
 * another agent has a call at the telephone), and with null when there is no agent of this name.
 */
export async function reserveByName(
  roster: Pick<Roster, 'reserve' | 'get' | 'list' | 'release'>,
  name: string,
  call: string,
  now: number,
  ttlMs: number,
): Promise<{ readonly agent: Agent; readonly epoch: number } | WhyNot | null> {
  const epoch = await roster.reserve(name, call, now, ttlMs)
  const agent = await roster.get(name, now)
  if (!agent) return null
  if (epoch === null) return whyNotNow(agent, now) ?? 'reserved'
  if (!sharingTelephone(await roster.list(now), agent).some(usesTelephone)) return { agent, epoch }
  await roster.release(name, epoch, 'caller-left', now)
  return 'busy-elsewhere'
}
