/** What one decision costs with 200 agents, measured on this machine with nothing beside it. */
import { ours } from './contestants.ts'
import { SCENARIOS } from './scenarios.ts'
import { Simulator } from './simulator.ts'

export function measureDecisions(): { readonly mean: number; readonly p99: number } {
  const pacer = ours({ mode: 'predictive' })
  const times: number[] = []
  const controller = {
    onEvent: pacer.onEvent!,
    decide: (...seen: Parameters<typeof pacer.decide>) => {
      const began = performance.now()
      const howMany = pacer.decide(...seen)
      times.push((performance.now() - began) * 1_000)
      return howMany
    },
  }
  new Simulator({ ...SCENARIOS['S3']!, hours: 0.5 }, 1, controller).run()
  const warm = times.slice(times.length >> 2).sort((a, b) => a - b)
  return { mean: warm.reduce((sum, us) => sum + us, 0) / warm.length, p99: warm[Math.floor(warm.length * 0.99)]! }
}
