/**
 * Rows 25, 59, 60 and 61 in all modes of dialling: a node dies, loses its links to FreeSWITCH, or stands still around a
 * dial. In virtual time, over PostgreSQL (dialling-lab.ts); the witness is the simulated FreeSWITCH. Nodes that are
 * killed as processes: rows-dialler-killed.test.ts.
 */
import { openDatabase } from '../open-services.ts'
import { ownProgram } from '../own-program.ts'
import { many, row } from './matrix.ts'
import type { TrialsReport } from './dialling-trials.run.ts'

interface Deaths {
  readonly row: number
  readonly what: string
  readonly injected: string
  readonly trials: number
  readonly quick?: boolean
}

const ROWS: readonly Deaths[] = [
  {
    row: 59,
    what: 'a node dies after it has written a dial and before FreeSWITCH has read it: every lead is called exactly once',
    injected: 'death between the claim and the dial, in all modes',
    trials: 500,
    quick: true,
  },
  {
    row: 60,
    what: 'a node dies after FreeSWITCH has read its dial: nobody is called a second time, every lead has an end',
    injected: 'death within 20 s of the dial, in all modes',
    trials: 500,
    quick: true,
  },
  {
    row: 25,
    what: 'a link to FreeSWITCH breaks around a dial of a campaign: nobody is called a second time, every lead has an end',
    injected: 'a link cut after N octets, in all modes',
    trials: 900,
  },
  {
    row: 61,
    what: 'a node stands still for longer than its lease around a dial, and another one goes on: nobody is called a second time',
    injected: 'event loop or process stopped for 7 to 97 s, in all modes',
    trials: 200,
  },
]

for (const { row: number, what, injected, trials, quick = false } of ROWS)
  row(number, what, { injected, quick }, async (t, told) => {
    // each program is a world of its own: it must not see the campaigns of the other one
    const databases = [await openDatabase(t), await openDatabase(t)]
    told.trials = many(trials, 6)
    const half = Math.ceil(told.trials / many(2, 1))
    const run = async (database: number, first: number, howMany: number) => {
      const at = JSON.stringify(databases[database]!.address)
      return JSON.parse(
        await ownProgram('test/fault/dialling-trials.run.ts', at, number, first, howMany),
      ) as TrialsReport
    }
    const rest = told.trials - half
    const reports = await Promise.all([run(0, 0, half), ...(rest > 0 ? [run(1, half, rest)] : [])])
    const faults = reports.flatMap(one => one.faults)
    told.whenMissed(() => faults.slice(0, 20).join('\n'))
    told.is(`${faults.length} faults${faults.length > 0 ? ` (${faults[0]!.slice(0, 160)})` : ''}`, faults.length === 0)
    const sums = (of: 'modes' | 'points' | 'ends') => {
      const sum = new Map<string, number>()
      for (const report of reports)
        for (const [word, n] of Object.entries(report[of])) sum.set(word, (sum.get(word) ?? 0) + n)
      return [...sum].map(([word, n]) => `${n} ${word}`).join(' ')
    }
    told.says(`${sums('modes')}; ${sums('points')}; ${sums('ends')}`)
  })
