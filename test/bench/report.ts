/** The bench's tables, and whether the gates are met. */
import { median } from './figures.ts'
import type { InboundReport } from './inbound.ts'
import { journalCost, journalTables, type JournalRounds } from './journal-report.ts'
import type { LoadReport } from './loops.ts'
import type { Waits } from './waits.ts'

export interface Measured {
  readonly full: ReadonlyMap<string, readonly LoadReport[]>
  readonly half: ReadonlyMap<string, readonly LoadReport[]>
  /** `ours` at the half load of `ours + journal`. */
  readonly beside: readonly LoadReport[]
  readonly waits: readonly Waits[]
  readonly kbPerCall: ReadonlyMap<string, number>
  readonly inbound: Readonly<Record<'ours' | 'esl-lite', InboundReport>>
  readonly pinned: boolean
  /** Its version. */
  readonly redis: string
  /** The machine's load average before anything was started. */
  readonly others: number
}

/** What we promise: against raw-node in the same run, and what the journal adds in milliseconds. */
const GATES = { cpu: 1.3, p99: 1.5, kbPerCall: 25, eventsPerSecond: 60_000, journalCpu: 0.15, journalP99: 2 } as const

/** Up to this load average nobody else is at work. */
const QUIET = 0.5

const LIMIT = 'raw-node'

export function print(measured: Measured): void {
  const names = [...measured.full.keys()]
  const cpuRatio = (name: string) => ratio(measured.full, name, report => report.cpuMsPerCall)
  const p99Ratio = (name: string) => ratio(measured.half, name, report => report.verb.p99)
  const rows = names.map(name => {
    const full = middle(measured.full.get(name) ?? [])
    const half = middle(measured.half.get(name) ?? [])
    return [
      name,
      full(report => report.callsPerSecond).toFixed(0),
      full(report => report.cpuMsPerCall).toFixed(3),
      `${cpuRatio(name).toFixed(2)}×`,
      `${full(report => report.commandsPerCall).toFixed(1)} / ${full(report => report.eventsPerCall).toFixed(1)}`,
      half(report => report.callsPerSecond).toFixed(0),
      `${(half(report => report.cpuShare) * 100).toFixed(0)} %`,
      [half(report => report.verb.p50), half(report => report.verb.p95), half(report => report.verb.p99)].map(ms => ms.toFixed(2)).join(' / '),
      (measured.kbPerCall.get(name) ?? Number.NaN).toFixed(1),
      String([...(measured.full.get(name) ?? []), ...(measured.half.get(name) ?? [])].reduce((sum, report) => sum + report.failed, 0)),
    ]
  })
  console.log('\nThe standard call: answer, playback, play_and_get_digits, set, playback, hangup. Medians; ratios within a round.\n')
  table(['listener', 'calls/s', 'CPU ms/call', `÷ ${LIMIT}`, 'commands / events', 'half load calls/s', 'busy', 'verb p50 / p95 / p99 ms', 'kB parked call', 'failed'], rows)

  const rounds: JournalRounds = {
    full: { without: measured.full.get('ours') ?? [], with: measured.full.get('ours + journal') ?? [] },
    half: { without: measured.beside, with: measured.half.get('ours + journal') ?? [] },
    waits: measured.waits,
  }
  const journal = journalTables(rounds)
  console.log('')
  table(journal.cpu.head, journal.cpu.rows)
  console.log(`\n${journal.what}\nRedis ${measured.redis} on this machine, appending to a file${measured.pinned ? ', on the core of the load' : ''}.\n`)
  table(journal.waits.head, journal.waits.rows)
  const cost = journalCost(rounds)

  const { ours, 'esl-lite': peer } = measured.inbound
  const inbound = [['ours (lazy)', ours], ['esl-lite', peer]] as const
  console.log('')
  table(
    ['inbound events', 'events/s', 'MB/s', 'CPU µs/event'],
    inbound.map(([name, one]) => [name, one.eventsPerSecond.toFixed(0), ((one.eventsPerSecond * one.bytesPerEvent) / 1e6).toFixed(0), one.cpuMicrosecondsPerEvent.toFixed(1)]),
  )

  const kb = measured.kbPerCall.get('ours') ?? Number.NaN
  console.log('')
  table(
    ['gate', 'promised', 'measured', ''],
    [
      gate(`CPU per call ÷ ${LIMIT}`, `≤ ${GATES.cpu}`, cpuRatio('ours').toFixed(2), cpuRatio('ours') <= GATES.cpu),
      gate(`verb p99 ÷ ${LIMIT}, same half load`, `≤ ${GATES.p99}`, p99Ratio('ours').toFixed(2), p99Ratio('ours') <= GATES.p99),
      gate('kB a parked call', `≤ ${GATES.kbPerCall}`, kb.toFixed(1), kb <= GATES.kbPerCall),
      gate('journal: CPU ms a verb', `≤ ${GATES.journalCpu}`, cost.msPerVerb.toFixed(3), cost.msPerVerb <= GATES.journalCpu),
      gate('journal: a caller waits, p99 ms', `≤ ${GATES.journalP99}`, cost.p99.toFixed(2), cost.p99 <= GATES.journalP99),
      gate('inbound events/s', `≥ ${GATES.eventsPerSecond}`, ours.eventsPerSecond.toFixed(0), ours.eventsPerSecond >= GATES.eventsPerSecond),
    ],
  )
  if (!measured.pinned) console.log('\nListener and load shared their cores (no taskset, or one core): the figures are noisy.')
  if (measured.others <= QUIET) return
  console.log(`\nOthers used this machine too (load average ${measured.others.toFixed(1)} before the first round): waits show it more than CPU does.`)
}

const gate = (what: string, promised: string, measured: string, met: boolean) => [what, promised, measured, met ? 'met' : 'MISSED']

/** The median over the rounds of a figure, divided by the limit's in the same round. */
function ratio(rounds: ReadonlyMap<string, readonly LoadReport[]>, name: string, figure: (report: LoadReport) => number): number {
  const limit = rounds.get(LIMIT) ?? []
  return median((rounds.get(name) ?? []).map((report, round) => figure(report) / (limit[round] ? figure(limit[round]) : Number.NaN)))
}

const middle = (reports: readonly LoadReport[]) => (figure: (report: LoadReport) => number) => median(reports.map(figure))

function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(row => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  console.log(line(head))
  console.log(`|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`)
  for (const row of rows) console.log(line(row))
}
