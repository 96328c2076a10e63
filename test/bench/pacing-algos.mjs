/**
 * The pacers in the form of a foreign simulator of campaigns: `algos = { name: () => ({ reset, onEvent, decide }) }`,
 * with times in seconds, agents as columns and calls as objects. So a second simulator, written by others, checks ours
 * (test/bench/pacing/). It reads only what a dialer can see.
 */
import { register } from 'tsx/esm/api'

register()
const { pacerOf } = await import('../../src/campaign/pacing/saved-pacer.ts')

const PHASES = ['dialing', 'ringing', 'answered', 'waiting']
const STATES = [null, 'free', 'talk', 'wrap']
const EVENTS = {
  dial: 'dialled',
  ring: 'ringing',
  answer: 'answered',
  human: 'human',
  end: 'ended',
  abandon: 'abandoned',
}

function adapted(mode) {
  let pacer, policy, budget, calls, byCall, agents, number
  const remove = call => {
    const { seen, at } = byCall.get(call)
    byCall.delete(call)
    const last = calls.pop()
    if (last === call) return seen
    calls[at] = last
    byCall.get(last).at = at
    return seen
  }
  return {
    name: mode.mode,
    reset(given) {
      pacer = pacerOf(mode)
      const endsAt = given.T === undefined ? null : given.T * 1_000
      policy = { target: given.target, connectWithinMs: given.abandonAfter * 1_000, clock: 'answer', endsAt }
      budget = { live: 0, abandoned: 0 }
      calls = []
      byCall = new Map()
      agents = new Map()
      number = 0
    },
    onEvent(type, t, what, more) {
      const at = t * 1_000
      if (type === 'dial') {
        const seen = { id: `c${number++}`, phase: 'dialing', dialledAt: at, phaseAt: at, deadline: null }
        byCall.set(what, { seen, at: calls.length })
        calls.push(what)
        pacer.onEvent({ type: 'dialled', call: seen.id, at })
      } else if (type in EVENTS) {
        const over = type === 'end' || type === 'abandon'
        const seen = over ? remove(what) : byCall.get(what).seen
        if (type === 'human') budget.live += 1
        if (type === 'abandon') budget.abandoned += 1
        pacer.onEvent({ type: EVENTS[type], call: seen.id, at })
      } else if (type === 'connect' || type === 'connectMachine') {
        if (type === 'connectMachine') budget.live -= 1 // the agent says that it is a machine
        pacer.onEvent({ type: 'connected', call: remove(what).id, agent: `a${more}`, at })
      } else if (type === 'talkEnd' || type === 'wrapEnd') {
        const ended = type === 'talkEnd' ? 'talk-ended' : 'wrap-ended'
        pacer.onEvent({ type: ended, agent: `a${what}`, at, lastedMs: more * 1_000 })
      } else pacer.onEvent({ type: type === 'login' ? 'logged-in' : 'logged-out', agent: `a${what}`, at })
    },
    decide(obs) {
      const { state, since, want } = obs.agents
      const present = []
      for (let i = 0; i < state.length; i++) {
        if (state[i] === 0) continue
        const agent = agents.get(i) ?? { id: `a${i}` }
        agents.set(i, agent)
        agent.state = STATES[state[i]]
        agent.since = since[i] * 1_000
        agent.leaving = want[i] === 1
        present.push(agent)
      }
      const seen = calls.map(call => {
        const paced = byCall.get(call).seen
        paced.phase = PHASES[call.phase]
        paced.phaseAt = call.phaseAt * 1_000
        paced.deadline = call.phase >= 2 ? call.deadline * 1_000 : null
        return paced
      })
      return pacer.decide({ now: obs.t * 1_000, agents: present, calls: seen, policy, budget }).howMany
    },
  }
}

export const algos = {
  predictive: () => adapted({ mode: 'predictive' }),
  progressive: () => adapted({ mode: 'progressive' }),
  ratio2: () => adapted({ mode: 'ratio', callsPerFreeAgent: 2 }),
}
