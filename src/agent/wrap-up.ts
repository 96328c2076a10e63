/**
 * The wrap-up of an agent: it is extended, ended early, or waits for a disposition. `released` (agent.ts) begins it.
 *
 *   wrapUpEnds=time         it ends by itself, after `wrapUpMs`
 *   wrapUpEnds=agent        it ends when the agent says so
 *   wrapUpEnds=disposition  it ends when the agent gives the disposition of the call
 *
 * An agent on demand ends it in any case.
 */
import { move, write, type Agent } from './agent.ts'
import { agentSetting } from './settings.ts'

/** In wrap-up, or on a call elsewhere, behind which the wrap-up goes on: an agent may end it by a feature code. */
const isWrappingUp = ({ state, wrapUpUntil }: Agent): boolean =>
  state === 'wrap-up' || (state === 'busy-elsewhere' && wrapUpUntil !== null)

const over = (agent: Agent, now: number): Agent =>
  write(
    agent.state === 'wrap-up' ? move(agent, 'idle', now, { wrapUpUntil: null }) : { ...agent, wrapUpUntil: null },
    now,
  )

/** The call whose disposition the agent must give before the wrap-up ends, or null. */
export function callWithoutDisposition(agent: Agent): string | null {
  if (!isWrappingUp(agent) || agentSetting(agent, 'wrapUpEnds') !== 'disposition') return null
  return agent.lastTalk && agent.lastTalk.disposition === undefined ? agent.lastTalk.call : null
}

/** Null: the agent is not in wrap-up, or must give a disposition first; `anyway`: without it. */
export function wrapUpFinished(agent: Agent, now: number, anyway = false): Agent | null {
  if (!isWrappingUp(agent) || (!anyway && callWithoutDisposition(agent) !== null)) return null
  return over(agent, now)
}

/** Adds `byMs` to a wrap-up. A wrap-up without an end stays without one. */
export function wrapUpExtended(agent: Agent, byMs: number, now: number): Agent | null {
  if (!isWrappingUp(agent)) return null
  return typeof agent.wrapUpUntil === 'number' ? write(agent, now, { wrapUpUntil: agent.wrapUpUntil + byMs }) : agent
}

/** The agent says what came of the last call; a wrap-up that waits for it ends. Null: there was no call. */
export function disposed(agent: Agent, disposition: string, now: number): Agent | null {
  if (!agent.lastTalk) return null
  const waits = callWithoutDisposition(agent) !== null
  const next = { ...agent, lastTalk: { ...agent.lastTalk, disposition } }
  return waits ? over(next, now) : write(next, now)
}
