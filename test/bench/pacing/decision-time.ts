/** What one decision costs with 200 agents: of three rounds the one that other programs disturbed least. */
import { contestant } from './contestants.ts'
import { SCENARIOS } from './scenarios.ts'
import { Simulator, type Controller } from './simulator.ts'

interface DecisionTime {
  /** Microseconds. */
  readonly mean: number
  readonly p99: number
}

function round(): DecisionTime {
  const of = { ...SCENARIOS['S3']!, hours: 0.25 }
  const { onEvent, decide } = contestant('predictive', of)
  const times: number[] = []
  const timed: Controller = {
    onEvent: onEvent!,
    decide: (...seen) => {
      const began = performance.now()
      const howMany = decide(...seen)
      times.push((performance.now() - began) * 1_000)
      return howMany
    },
  }
  new Simulator(of, 1, timed).run()
  const warm = times.slice(times.length >> 2).sort((a, b) => a - b)
  return { mean: warm.reduce((sum, us) => sum + us, 0) / warm.length, p99: warm[Math.floor(warm.length * 0.99)]! }
}

export const measureDecisions = (): DecisionTime =>
  [round(), round(), round()].reduce((least, one) => (one.mean < least.mean ? one : least))
