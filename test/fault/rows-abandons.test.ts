/** Row 63: agents come and go while campaigns are dialled. Progressive means: nobody who answers is without an agent. */
import { many, row } from './matrix.ts'
import { ProgressiveDay } from './progressive-day.ts'

/** Histories in the same time: so many share the cost of its steps. */
const AT_ONCE = many(500, 100)

for (const leaving of [false, true]) {
  const what = leaving
    ? 'agents hang up and come back while they are counted on: nobody is dialled without an agent of their own, and who was left goes first'
    : 'agents share two campaigns and the callers of two queues, take breaks and log out: nobody who answers is without an agent'
  const injected = `${leaving ? 'agents who hang up' : 'breaks and log-outs'}, random answers and ring times`
  row(63, what, { injected, quick: true }, async (_t, told) => {
    told.trials = many(leaving ? 10_000 : 100_000, AT_ONCE)
    const sum = { dialled: 0, answered: 0, abandoned: 0, left: 0 }
    const faults: string[] = []
    for (let first = 0; first < told.trials; first += AT_ONCE) {
      for (const [n, day] of (await ProgressiveDay.runMany(first, AT_ONCE, leaving)).entries()) {
        for (const figure of ['dialled', 'answered', 'abandoned', 'left'] as const) sum[figure] += day[figure]
        faults.push(...day.faults.map(fault => `history ${first + n}: ${fault}`))
      }
    }
    told.whenMissed(() => faults.slice(0, 20).join('\n'))
    told.is(`${faults.length} faults`, faults.length === 0)
    told.is(`${sum.answered} of ${sum.dialled} answered`, sum.answered > told.trials && sum.dialled > 3 * told.trials)
    if (leaving) told.is(`${sum.abandoned} abandoned, ${sum.left} times somebody left`, sum.left > told.trials && sum.abandoned < 0.03 * sum.answered)
    else told.is(`${sum.abandoned} abandoned`, sum.abandoned === 0)
  })
}
