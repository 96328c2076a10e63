/**
 * `progressive-days.run.ts FIRST HOW-MANY leaving|staying`: this many histories. A separate program, because the
 * asynchronous hooks of node:test would cost more than Switchhook. Prints its findings as JSON.
 */
import { ProgressiveDay } from './progressive-day.ts'

/** Histories in the same time: this many share the cost of its steps. */
const AT_ONCE = 500

const [from = '0', howMany = '0', agents] = process.argv.slice(2)
const [start, end] = [Number(from), Number(from) + Number(howMany)]
const seen = { dialled: 0, answered: 0, abandoned: 0, left: 0 }
const faults: string[] = []
for (let first = start; first < end; first += AT_ONCE) {
  const days = await ProgressiveDay.runMany(first, Math.min(AT_ONCE, end - first), agents === 'leaving')
  for (const [n, day] of days.entries()) {
    for (const figure of ['dialled', 'answered', 'abandoned', 'left'] as const) seen[figure] += day[figure]
    faults.push(...day.faults.map(fault => `history ${first + n}: ${fault}`))
  }
}
console.log(JSON.stringify({ ...seen, faults }))
