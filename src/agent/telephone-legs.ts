/**
 * The legs at an agent's telephone that no queue assigned. While there is one, the agent is busy elsewhere; agent.ts
 * has the states.
 */
import { endsWhenTold, move, write, type Agent } from './agent.ts'

/** A leg of Switchhook that no queue assigned is at the agent's telephone from now on. */
export function occupied(agent: Agent, leg: string, now: number): Agent | null {
  const { legs = [], state } = agent
  if (legs.includes(leg)) return null
  const on = { ...agent, legs: [...legs, leg] }
  return write(state === 'idle' || state === 'wrap-up' ? move(on, 'busy-elsewhere', now, {}) : on, now)
}

/** That leg has ended. After a talk on it the agent's idle time starts now; with `wrapUp` a wrap-up follows. */
export function vacated(agent: Agent, leg: string, now: number, { talked = false, wrapUp = false } = {}): Agent | null {
  if (!agent.legs?.includes(leg)) return null
  const until =
    endsWhenTold(agent) || agent.wrapUpUntil === 'finished'
      ? 'finished'
      : Math.max(now + agent.wrapUpMs, agent.wrapUpUntil ?? 0)
  const lastTalk = { call: leg, queue: null }
  const after = talked ? { lastTalkEnded: now, lastTalk, ...(wrapUp && { wrapUpUntil: until }) } : {}
  const off = { ...agent, ...after, legs: agent.legs.filter(other => other !== leg) }
  return off.legs.length === 0 && off.state === 'busy-elsewhere' ? back(off, now) : write(off, now)
}

function back(agent: Agent, now: number): Agent {
  const wrapUp = agent.wrapUpUntil === 'finished' || (agent.wrapUpUntil ?? 0) > now
  return write(move(agent, wrapUp ? 'wrap-up' : 'idle', now, wrapUp ? {} : { wrapUpUntil: null }), now)
}
