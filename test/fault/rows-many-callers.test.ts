import { ownProgram } from '../own-program.ts'
import { row } from './matrix.ts'

row(
  null,
  'ten thousand callers pass through menu, queue and agent: no leg, timer, place or reservation remains',
  { injected: 'callers who give up at any point, agents who want none' },
  async (_t, told) => {
    told.trials = 10_000
    const left = await ownProgram('test/flow/many-callers.ts', 10_000).then(
      () => null,
      (error: Error) => error.message,
    )
    told.whenMissed(() => String(left))
    told.is(left === null ? 'nothing is left behind' : 'something is left behind', left === null)
  },
)
