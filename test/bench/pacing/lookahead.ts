/**
 * A lookahead after the principle of D. A. Samuelson (Interfaces 29:5, 1999): at the mean time until an answer, the
 * agents who will be free are compared with the people who will have answered. The published text has the principle and
 * no constants. The most calls are dialled with which the expected number of people without an agent is at most the
 * target share of those who answer. Talks are taken as exponential.
 */
import { freeAgents } from '../../../src/campaign/pacing/pacer.ts'
import { normalCdf, normalDensity } from '../../../src/campaign/pacing/log-normal.ts'
import type { Controller } from './simulator.ts'

/** A dial counts when it is so old that its end is known, in seconds. */
const KNOWN_AFTER = 30
const MEMORY_DIALS = 600

/** E[(X − spare)+] of a binomial X. */
function overflow(calls: number, p: number, spare: number): number {
  const expected = calls * p
  if (calls <= 0) return 0
  if (expected > 30) {
    const deviation = Math.sqrt(expected * (1 - p))
    const z = (expected - spare) / deviation
    return deviation * normalDensity(z) + (expected - spare) * normalCdf(z)
  }
  let chance = (1 - p) ** calls
  let sum = 0
  for (let k = 0; k <= calls; k++) {
    if (k > spare) sum += chance * (k - spare)
    chance *= (((calls - k) / (k + 1)) * p) / (1 - p)
  }
  return sum
}

export function lookahead(target = 0.03): Controller {
  let [dials, humans] = [40, 12]
  let [delays, delayed] = [36, 3]
  let [service, served] = [270, 3]
  let second = 0
  const dialledAt = new Map<string, number>()
  /** By the second in which they count: calls, and those that a person answered. */
  const cohorts = new Map<number, [number, number]>()
  return {
    onEvent(event) {
      const at = event.at / 1_000
      if (event.type === 'dialled') dialledAt.set(event.call, at)
      else if (event.type === 'ended' || event.type === 'human') {
        const dialled = dialledAt.get(event.call)!
        dialledAt.delete(event.call)
        const cohort = cohorts.get(Math.floor(dialled) + KNOWN_AFTER) ?? [0, 0]
        cohorts.set(Math.floor(dialled) + KNOWN_AFTER, cohort)
        cohort[0] += 1
        if (event.type === 'ended') return
        cohort[1] += 1
        delays = delays * 0.99 + (at - dialled)
        delayed = delayed * 0.99 + 1
      } else if (event.type === 'talk-ended') {
        service = service * 0.995 + event.lastedMs / 1_000
        served = served * 0.995 + 1
      } else if (event.type === 'wrap-ended') service += event.lastedMs / 1_000
    },
    decide(state) {
      for (; second < state.now / 1_000; second++) {
        const cohort = cohorts.get(second)
        if (!cohort) continue
        cohorts.delete(second)
        const kept = Math.exp(-cohort[0] / MEMORY_DIALS)
        dials = dials * kept + cohort[0]
        humans = humans * kept + cohort[1]
      }
      const p = Math.min(0.95, humans / dials)
      const waiting = state.calls.filter(call => call.phase === 'waiting').length
      const free = freeAgents(state)
      const busy = state.agents.filter(agent => agent.state !== 'free').length
      const spare = free - waiting + busy * (1 - Math.exp((-served / service) * (delays / delayed)))
      const underWay = state.calls.length - waiting
      const allowed = (n: number) => overflow(underWay + n, p, spare) <= target * (underWay + n) * p
      let n = 0
      for (let step = 1; step >= 1;) {
        if (n + step <= 4 * state.agents.length && allowed(n + step)) {
          n += step
          step *= 2
        } else step = Math.floor(step / 2)
      }
      return n
    },
  }
}
