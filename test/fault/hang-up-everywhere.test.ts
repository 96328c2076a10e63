/** Row 15: a person hangs up at every moment of every kind of flow, and a second later nothing is left of the call. */
import { ownProgram } from '../own-program.ts'
import { SCENES } from './hang-up-everywhere.flows.ts'
import { many, row } from './matrix.ts'

interface Found {
  readonly calls: number
  /** Pairs of a scene and a command after which the caller left at once. */
  readonly moments: number
  readonly faults: readonly string[]
}

/** `make fault` has ten minutes for a file (test/run.ts); a slow machine runs fewer calls. */
const SECONDS = 500
const PROGRAM = 'test/fault/hang-up-everywhere.run.ts'

row(
  15,
  'whoever hangs up, after whichever command: a second later no leg, flow, timer, promise or journal is left',
  { injected: 'a hang-up after the k-th command', quick: true },
  async (_t, told) => {
    // eight programs, two at a time, each with every eighth scene; or one with some scenes and some moments
    const parts = many(8, 4)
    const calls = many(100_000, 400) / many(parts, 1)
    const found: Found[] = []
    const waiting = Array.from({ length: many(parts, 1) }, (_, part) => part)
    const work = async () => {
      for (let part = waiting.shift(); part !== undefined; part = waiting.shift())
        found.push(
          JSON.parse(await ownProgram(PROGRAM, part, parts, calls, many(1, 4), (SECONDS * 2) / parts)) as Found,
        )
    }
    await Promise.all([work(), work()])
    const faults = found.flatMap(one => one.faults)
    const moments = found.reduce((sum, one) => sum + one.moments, 0)
    told.trials = found.reduce((sum, one) => sum + one.calls, 0)
    told.is(`${faults.length} calls left something behind`, faults.length === 0)
    told.is(`${moments} moments of ${SCENES.length} kinds of flows`, moments >= many(1_200, 80))
    for (const fault of faults.slice(0, 3)) console.error(fault)
  },
)
