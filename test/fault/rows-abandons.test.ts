/**
 * Row 63: agents come and go while campaigns are dialled. Progressive dialling: every lead who answers has an agent.
 */
import { ownProgram } from '../own-program.ts'
import { many, row } from './matrix.ts'

interface Seen {
  readonly dialled: number
  readonly answered: number
  readonly abandoned: number
  /** How often an agent hung up who was needed. */
  readonly left: number
  readonly faults: readonly string[]
}

const PROGRAM = 'test/fault/progressive-days.run.ts'
const run = async (first: number, howMany: number, agents: 'leaving' | 'staying') =>
  JSON.parse(await ownProgram(PROGRAM, first, howMany, agents)) as Seen

for (const agents of ['staying', 'leaving'] as const) {
  const leaving = agents === 'leaving'
  const what = leaving
    ? 'agents hang up and come back while they are counted on: nobody is dialled without an agent of their own, and who was left goes first'
    : 'agents share two campaigns and the callers of two queues, take breaks and log out: nobody who answers is without an agent'
  const injected = `${leaving ? 'agents who hang up' : 'breaks and log-outs'}, random answers and ring times`
  row(63, what, { injected, quick: true }, async (_t, told) => {
    told.trials = many(leaving ? 10_000 : 100_000, 100)
    const half = told.trials / 2
    const seen = await Promise.all([run(0, half, agents), run(half, half, agents)])
    const sum = (figure: 'dialled' | 'answered' | 'abandoned' | 'left') => seen[0]![figure] + seen[1]![figure]
    const faults = seen.flatMap(one => one.faults)
    told.whenMissed(() => faults.slice(0, 20).join('\n'))
    told.is(`${faults.length} faults`, faults.length === 0)
    told.is(
      `${sum('answered')} of ${sum('dialled')} answered`,
      sum('answered') > told.trials && sum('dialled') > 3 * told.trials,
    )
    if (leaving)
      told.is(
        `${sum('abandoned')} abandoned, none beside an agent who could be had; ${sum('left')} times somebody left`,
        sum('left') > told.trials,
      )
    else told.is(`${sum('abandoned')} abandoned`, sum('abandoned') === 0)
  })
}
