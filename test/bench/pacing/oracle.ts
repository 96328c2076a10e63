/**
 * The clairvoyant: knows who will answer and when, and when each agent will be free; only not who will go home. It
 * keeps the order of the list. Nothing that must predict can reach it.
 */
import type { Controller, Simulator } from './simulator.ts'
import type { Fate } from './fate.ts'

const needsAgent = (fate: Fate) => (fate.person && !fate.falsePositive) || fate.missed
/** From the dial until an agent is needed, in seconds. */
const delay = (fate: Fate) => fate.ringback + fate.rings + fate.detect

/** So many dials ahead are looked at. */
const AHEAD = 400

export function oracle(): Controller {
  return {
    decide(_state, world: Simulator) {
      const { t } = world
      const needed = world.calls
        .filter(({ fate }) => needsAgent(fate))
        .map(({ fate, dialledAt }) => dialledAt / 1_000 + delay(fate))
      const free = world.agents
        .filter(agent => agent.loggedIn && !agent.leaving)
        .map(agent => agent.freeAt)
        .sort((a, b) => a - b)
      let n = 0
      for (; n < AHEAD; n++) {
        const fate = world.fate(world.dials + n)
        if (!needsAgent(fate)) continue
        const all = [...needed, t + delay(fate)].sort((a, b) => a - b)
        if (all.some((at, k) => !(free[k]! <= at - 1e-6))) break
        needed.push(t + delay(fate))
      }
      return n
    },
  }
}
