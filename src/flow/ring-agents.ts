/**
 * Rings the telephones of agents who are reserved for one caller: several of one agent, or those of several agents whom
 * the queue's strategy offers together. The first agent who accepts has the call; the others stop without a penalty.
 * When the strategy adds agents while telephones ring, theirs are added (queue/strategies/ring-progressively.ts). The
 * leg of an agent who is nailed up counts as a telephone that was answered.
 */
import { telephonesOf } from '../agent/settings.ts'
import type { Call, DialOptions, Party } from '../call/call.ts'
import type { CallContext } from '../call/call-context.ts'
import type { Leg } from '../call/leg.ts'
import { DialFirst, dialFirst } from '../call/verbs/dial-first.ts'
import type { AgentReservation } from '../queue/agent-reservation.ts'
import type { AgentReservations } from './agent-reservations.ts'
import { takeNailedAgent } from './nailed-agent-leg.ts'

interface Ringing {
  readonly leg: Leg
  readonly context: CallContext
  readonly reservations: AgentReservations
  readonly options: DialOptions
  callOf(leg: Leg): Call
}

/** Resolves as `dial` does; `reservations` knows then which agent is on the leg. */
export async function ringAgents(first: AgentReservation, ringing: Ringing): Promise<Party> {
  const { leg, context, reservations, options, callOf } = ringing
  const agents = [first, ...first.others]
  // nothing is asked of the agent first, or the agent has taken this caller: they are joined at once
  const nailed = agents.find(({ saved }) => saved.leg !== null && (!options.before || saved.flow !== undefined))
  if (nailed) {
    const party = await takeNailedAgent(leg, context, nailed)
    for (const other of agents) if (other !== nailed) await other.finished('caller-left')
    if (party.leg) reservations.reached(nailed, party.leg)
    return party
  }
  if (agents.length === 1 && !first.saved.addsAgents) {
    const party = await dialFirst(leg, context, telephones(first), callOf, options, first)
    if (party.leg) reservations.reached(first, party.leg)
    return party
  }

  const race = new DialFirst(leg, context, callOf, options)
  const ring = (agent: AgentReservation) => {
    for (const telephone of telephones(agent))
      void race
        .add(telephone, agent)
        .then(party => void (party.leg && reservations.reached(agent, party.leg)))
        .catch(() => {}) // `first` rejects with it
  }
  for (const agent of agents) ring(agent)
  const over = new AbortController()
  const adding = addMore(first, over.signal, ring)
  adding.catch(() => {}) // awaited below
  try {
    return await race.first()
  } finally {
    over.abort()
    await adding
  }
}

/** A nailed-up agent is on one line, whose telephone does not ring. */
function telephones(agent: AgentReservation): readonly string[] {
  const all = telephonesOf(agent)
  return agent.saved.leg === null ? all : all.slice(0, 1)
}

/** Until `over` aborts: rings each agent whom the strategy adds. */
async function addMore(
  first: AgentReservation,
  over: AbortSignal,
  ring: (agent: AgentReservation) => void,
): Promise<void> {
  for (let more = await first.another(over); more; more = await first.another(over)) {
    first.ringsWith([...first.others, more])
    ring(more)
  }
}
