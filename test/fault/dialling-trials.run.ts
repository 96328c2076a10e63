/**
 * `dialling-trials.run.ts DATABASE ROW FIRST HOW-MANY`: this many trials of a row (25, 59 or 60), with the address of a
 * database as JSON. A separate program, because the asynchronous hooks of node:test would cost more than Switchhook.
 * Prints its findings as JSON.
 */
import type { DatabaseAddress } from '../../src/store/sql.ts'
import { DiallingLab } from './dialling-lab.ts'
import { runTrial, type Row } from './dialling-trials.ts'
import { seeded } from './links-chance.ts'

export interface TrialsReport {
  readonly trials: number
  /** By mode, by the moment of the fault, and by the end of the attempts: how many. */
  readonly modes: Readonly<Record<string, number>>
  readonly points: Readonly<Record<string, number>>
  readonly ends: Readonly<Record<string, number>>
  readonly faults: readonly string[]
}

const AGENTS = 2
/** A new installation after so many: what a day of dialling leaves in memory would slow the next trials down. */
const TOGETHER = 50

const [database, row, first, howMany] = process.argv.slice(2) as [string, Row, string, string]
const faults: string[] = []
const counts = { modes: new Map<string, number>(), points: new Map<string, number>(), ends: new Map<string, number>() }
const count = (of: Map<string, number>, what: string) => void of.set(what, (of.get(what) ?? 0) + 1)
const end = Number(first) + Number(howMany)
for (let from = Number(first); from < end; from += TOGETHER) {
  const lab = await DiallingLab.open(JSON.parse(database) as DatabaseAddress, AGENTS)
  for (let nth = from; nth < Math.min(from + TOGETHER, end); nth++) {
    const result = await runTrial(lab, row, nth, seeded(Number(row) * 100_000 + nth))
    count(counts.modes, result.mode)
    count(counts.points, result.point)
    for (const word of result.ends) count(counts.ends, word)
    faults.push(...result.faults.map(fault => `trial ${nth}: ${fault}`))
  }
  await lab.close().catch((error: Error) => faults.push(`after trial ${from}: ${error.message.slice(0, 2_000)}`))
}
const { modes, points, ends } = counts
const report: TrialsReport = {
  trials: Number(howMany),
  modes: Object.fromEntries(modes),
  points: Object.fromEntries(points),
  ends: Object.fromEntries(ends),
  faults,
}
console.log(JSON.stringify(report))
