/**
 * An agent who dials in takes callers on the very leg that dialled: nothing rings. While the agent is on that leg, the
 * matcher offers the agent nothing; the agent's own flow takes the next caller (flow/take-caller.ts), whatever status
 * the agent has chosen. In this record stands which step of that flow takes a caller, and whom it has served, so that a
 * node that takes the flow over does not take a second caller for one request.
 */
import { move, write, type Agent } from './agent.ts'
import type { DialledIn } from './reservation.ts'
import { wrapUpFinished } from './wrap-up.ts'

/**
 * The agent takes a caller on this leg, which does not keep the agent busy elsewhere then. A wrap-up ends. The same
 * record when that is so already; null when the agent has another call, or must give a disposition first. `missed`: the
 * caller whom the agent has served left before the two could talk, and the agent takes another one.
 */
export function dialledIn(agent: Agent, line: DialledIn, now: number, missed?: string): Agent | null {
  const known = agent.dialledIn
  const isSame = known?.leg === line.leg && known.step === line.step
  if (isSame && (known.served === undefined || known.served !== missed)) return agent
  const legs = agent.legs?.filter(leg => leg !== line.leg) ?? []
  if (legs.length > 0) return null
  const { state, wrapUpUntil } = agent
  const wrapsUp = wrapUpUntil !== null
  const here = state === 'busy-elsewhere' ? move({ ...agent, legs }, wrapsUp ? 'wrap-up' : 'idle', now, {}) : agent
  const free = here.state === 'wrap-up' ? wrapUpFinished(here, now) : here
  return free?.state === 'idle' ? write(free, now, { dialledIn: line }) : null
}

/** That leg has ended. Null: the agent is not on it. */
export function dialledOut(agent: Agent, leg: string, now: number): Agent | null {
  return agent.dialledIn?.leg === leg ? write(agent, now, { dialledIn: undefined }) : null
}
