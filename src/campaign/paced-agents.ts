/**
 * The agents of one campaign who are on the line at one FreeSWITCH, as its pacer sees them (pacing/pacer.ts): free, in
 * a talk, or in the wrap-up after it. Used by paced-floor.ts.
 */
import { isHeldForLead, isPresent, whyNotNow, type Agent } from '../agent/agent.ts'
import type { PacedAgent, PacingEvent } from './pacing/pacer.ts'

type State = PacedAgent['state']

export class PacedAgents {
  readonly #tell: (event: PacingEvent) => void
  readonly #known = new Map<string, PacedAgent>()

  constructor(tell: (event: PacingEvent) => void) {
    this.#tell = tell
  }

  /** The record of an agent has changed, or time alone has changed it. `agent` as of `now`. */
  seen(agent: Agent, now: number): void {
    const before = this.#known.get(agent.name)
    const after = pacedAgent(agent, now)
    if (!after) return this.gone(agent.name, now)
    if (!before) this.#tell({ type: 'logged-in', agent: agent.name, at: now })
    else if (before.state !== after.state) this.#ended(before, after.since)
    this.#known.set(agent.name, before?.state === after.state ? { ...after, since: before.since } : after)
  }

  /** The agent hung up, left the queue, or was removed. */
  gone(name: string, now: number): void {
    if (this.#known.delete(name)) this.#tell({ type: 'logged-out', agent: name, at: now })
  }

  /** Their names. */
  get names(): Iterable<string> {
    return this.#known.keys()
  }

  get paced(): readonly PacedAgent[] {
    return [...this.#known.values()]
  }

  #ended({ id, state, since }: PacedAgent, at: number): void {
    if (state === 'free') return
    const type = state === 'talk' ? 'talk-ended' : 'wrap-ended'
    this.#tell({ type, agent: id, at, lastedMs: Math.max(0, at - since) })
  }
}

/** Null: an agent who is not on the line, or takes no call of this campaign before something else happens. */
function pacedAgent(agent: Agent, now: number): PacedAgent | null {
  // an agent who is reserved for a callback of their own has it: the pacer sees neither of them until they talk
  if (agent.nailed === null || isHeldForLead(agent)) return null
  const leaving = !isPresent(agent)
  const state = stateOf(agent, now)
  if (leaving && state === 'free') return null
  return { id: agent.name, state, since: agent.stateSince, leaving }
}

function stateOf(agent: Agent, now: number): State {
  switch (agent.state) {
    case 'reserved':
    case 'ringing':
    case 'talking':
    case 'busy-elsewhere':
      return 'talk'
    case 'wrap-up':
      return 'wrap'
    case 'idle':
      // a rest after a call without an answer is like a wrap-up: the agent is free again in a moment
      return isPresent(agent) && whyNotNow(agent, now) !== null ? 'wrap' : 'free'
  }
}
