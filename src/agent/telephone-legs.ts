/**
 * What is known of an agent's telephones: whether one is registered, and the legs at them that no queue assigned. While
 * there is such a leg, the agent is busy elsewhere; agent.ts has the states.
 */
import { isUnreachable } from './rest.ts'
import { endsWhenTold, move, write, type Agent } from './agent.ts'

/**
 * A telephone of the agent is registered at this run of FreeSWITCH, or none is any more. A registration also ends the
 * rest of an unreachable agent. Null: nothing changes.
 */
export function registeredAt(agent: Agent, core: string, there: boolean, now: number): Agent | null {
  const { registeredAt: before, unreached = 0 } = agent
  const known = before?.includes(core) ?? false
  if (there === known && !(there && unreached > 0)) return null
  const others = before?.filter(one => one !== core) ?? []
  return write(agent, now, {
    registeredAt: there ? [...others, core] : others,
    ...(there && unreached > 0 && { unreached: 0, ...(isUnreachable(agent) && { restUntil: now }) }),
  })
}

/** A leg that no queue assigned is at the agent's telephone from now on. */
export function occupied(agent: Agent, leg: string, now: number): Agent | null {
  const { legs = [], state } = agent
  if (legs.includes(leg) || agent.dialledIn?.leg === leg) return null // the agent takes callers on it
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
