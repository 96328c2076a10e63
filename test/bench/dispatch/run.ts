/**
 * `make bench-dispatch`: how long an agent who is free waits for the next call. Exit code 1 when a gate is missed.
 * `--short` only shows that everything runs: it measures too little for a result.
 */
import { findFreeSwitch } from '../../contract/switch/freeswitch.ts'
import { measureBeside, type DispatchReport } from './beside-callcenter.ts'
import { measureMatching, AGENTS, QUEUES } from './matching.ts'
import { measureNotices } from './notices.ts'
import { measureOriginate } from './originate.ts'

const SHORT = process.argv.includes('--short')
const EVENTS = SHORT ? 2_000 : 40_000
const ROUNDS = SHORT ? 1 : 5
const WAITING = [100, 1_000, 10_000] as const

const BESIDE = { callers: 100, agents: 400, singly: 60, rates: [5, 10, 20, 40], secondsEach: 8 }
const BESIDE_SHORT = { callers: 10, agents: 20, singly: 5, rates: [5], secondsEach: 2 }

/** The last row of the table costs at most so many times the first one. */
const GATE_GROWTH = 1.5
/** 99 of 100 agents who are free are rung within so many milliseconds, with 2 000 callers who wait. */
const GATE_P99_MS = 5

/** The CPU of a node, in cores, at one change of state per agent and 10 s. */
const GATE_CPU = 0.1

const faults: string[] = []
const gate = (text: string, met: boolean) => {
  console.log(`${met ? 'met   ' : 'MISSED'}  ${text}`)
  if (!met) faults.push(text)
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!

console.log(`${QUEUES} queues, ${AGENTS} agents; an agent is free: what the matcher needs, in microseconds`)
for (const waiting of WAITING) measureMatching(waiting, EVENTS / 10) // the code is compiled after this
const rounds = Array.from({ length: ROUNDS }, (_, round) => {
  const order = round % 2 === 0 ? WAITING : WAITING.toReversed()
  return new Map(order.map(waiting => [waiting, measureMatching(waiting, EVENTS).us]))
})
console.log('waiting     p50     p99')
const middle = (waiting: number, of: 'p50' | 'p99') => median(rounds.map(round => round.get(waiting as 100)![of]))
for (const waiting of WAITING) {
  const [p50, p99] = [middle(waiting, 'p50'), middle(waiting, 'p99')]
  console.log(`${String(waiting).padStart(7)} ${p50.toFixed(1).padStart(7)} ${p99.toFixed(1).padStart(7)}`)
}
const growth = median(rounds.map(round => round.get(10_000)!.p50 / round.get(100)!.p50))
gate(`10 000 who wait cost ${growth.toFixed(2)} times as much as 100 (at most ${GATE_GROWTH})`, growth <= GATE_GROWTH)

const { waiting, ms: reached } = await measureOriginate(SHORT ? 200 : 2_000, SHORT ? 20 : 800)
const figures = `p50 ${reached.p50.toFixed(1)}, p95 ${reached.p95.toFixed(1)}, p99 ${reached.p99.toFixed(1)}, max ${reached.max.toFixed(1)} ms`
console.log(`agent free → originate left the node, ${waiting} callers wait, ${reached.count} agents: ${figures}`)
gate(`p99 ${reached.p99.toFixed(1)} ms (at most ${GATE_P99_MS})`, reached.p99 <= GATE_P99_MS)
const { changes, idle, busy } = await measureNotices(SHORT ? 2 : 20)
const percents = (shares: readonly number[]) => shares.map(share => `${(share * 100).toFixed(1)} %`).join(', ')
console.log(
  `four nodes, ${AGENTS} agents, ${changes} changes of state at ${AGENTS / 10}/s: CPU of each node ${percents(busy)}; idle ${percents(idle)}`,
)
gate(`at most ${GATE_CPU * 100} % of a core each`, Math.max(...busy) <= GATE_CPU)

const program = await findFreeSwitch()
if (program === null) console.log('mod_callcenter: left out, there is no real FreeSWITCH here')
else {
  const reports = await measureBeside(program, SHORT ? BESIDE_SHORT : BESIDE)
  for (const { who, ms, rates } of reports) {
    const times = `p50 ${ms.p50.toFixed(0)}, p95 ${ms.p95.toFixed(0)}, max ${ms.max.toFixed(0)} ms`
    const held = rates.map(({ rate, inTime, of }) => `${rate}/s ${inTime} of ${of}`).join(', ')
    console.log(`${who.padEnd(15)} agent free → the telephone is called: ${times}; called within 1 s: ${held}`)
  }
  const [theirs, ours] = reports as [DispatchReport, DispatchReport]
  gate(
    `Switchhook's p95 is ${ours.ms.p95.toFixed(0)} ms, mod_callcenter's ${theirs.ms.p95.toFixed(0)} ms`,
    ours.ms.p95 <= theirs.ms.p95,
  )
  const total = ({ rates }: DispatchReport) => rates.reduce((sum, { inTime }) => sum + inTime, 0)
  gate(`in time: Switchhook ${total(ours)}, mod_callcenter ${total(theirs)}`, total(ours) >= total(theirs))
}
process.exitCode = faults.length > 0 ? 1 : 0
