/** The bench's tables, and whether each gate is met. */
import { median, type Spread } from './figures.ts'
import type { InboundReport } from './inbound.ts'
import { aboveBareTrip, journalTables, type JournalRounds } from './journal-report.ts'
import type { LoadReport } from './loops.ts'
import type { Waits } from './waits.ts'

export interface Measured {
  readonly full: ReadonlyMap<string, readonly LoadReport[]>
  readonly half: ReadonlyMap<string, readonly LoadReport[]>
  /** `ours` at the half load of `ours + journal`. */
  readonly beside: readonly LoadReport[]
  readonly waits: readonly Waits[]
  /** A bare round trip to Redis, immediately before each of them. */
  readonly bare: readonly Spread[]
  readonly kbPerCall: ReadonlyMap<string, number>
  readonly inbound: Readonly<Record<'ours' | 'esl-lite', InboundReport>>
  readonly pinned: boolean
  /** Its version. */
  readonly redis: string
  /** The machine's load average before the bench started anything. */
  readonly others: number
}

/** The gates: against raw-node in the same rounds, and in milliseconds above a bare round trip to Redis. */
const GATES = {
  cpu: 1.2,
  cpuWithJournal: 1.5,
  p99: 1.5,
  aboveBareTripMs: 2,
  kbPerCall: 25,
  eventsPerSecond: 60_000,
} as const

/** Up to this load average the machine counts as idle. */
const QUIET = 0.5

const LIMIT = 'raw-node'

/** Returns whether every gate is met. */
export function print(measured: Measured): boolean {
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
      [half(report => report.verb.p50), half(report => report.verb.p95), half(report => report.verb.p99)]
        .map(ms => ms.toFixed(2))
        .join(' / '),
      (measured.kbPerCall.get(name) ?? Number.NaN).toFixed(1),
      String(
        [...(measured.full.get(name) ?? []), ...(measured.half.get(name) ?? [])].reduce(
          (sum, report) => sum + report.failed,
          0,
        ),
      ),
    ]
  })
  console.log(
    '\nThe standard call: answer, playback, play_and_get_digits, set, playback, hangup. Medians; ratios within a round.\n',
  )
  table(
    [
      'listener',
      'calls/s',
      'CPU ms/call',
      `÷ ${LIMIT}`,
      'commands / events',
      'half load calls/s',
      'busy',
      'verb p50 / p95 / p99 ms',
      'kB parked call',
      'failed',
    ],
    rows,
  )

  const rounds: JournalRounds = {
    full: { without: measured.full.get('ours') ?? [], with: measured.full.get('ours + journal') ?? [] },
    half: { without: measured.beside, with: measured.half.get('ours + journal') ?? [] },
    waits: measured.waits,
    bare: measured.bare,
  }
  const journal = journalTables(rounds)
  console.log('')
  table(journal.cpu.head, journal.cpu.rows)
  console.log(
    `\n${journal.what}\nRedis ${measured.redis} on this machine, appending to a file${measured.pinned ? ', on the core of the load' : ''}.\n`,
  )
  table(journal.waits.head, journal.waits.rows)

  const { ours, 'esl-lite': peer } = measured.inbound
  const inbound = [
    ['ours (lazy)', ours],
    ['esl-lite', peer],
  ] as const
  console.log('')
  table(
    ['inbound events', 'events/s', 'MB/s', 'CPU µs/event'],
    inbound.map(([name, one]) => [
      name,
      one.eventsPerSecond.toFixed(0),
      ((one.eventsPerSecond * one.bytesPerEvent) / 1e6).toFixed(0),
      one.cpuMicrosecondsPerEvent.toFixed(1),
    ]),
  )

  const kb = measured.kbPerCall.get('ours') ?? Number.NaN
  const [cpu, cpuWithJournal, p99, above] = [
    cpuRatio('ours'),
    cpuRatio('ours + journal'),
    p99Ratio('ours'),
    aboveBareTrip(rounds),
  ]
  const gates = [
    atMost(`full speed: CPU per call ÷ ${LIMIT}`, GATES.cpu, cpu),
    atMost(`full speed, with the journal: CPU per call ÷ ${LIMIT}`, GATES.cpuWithJournal, cpuWithJournal),
    atMost(`half of ${LIMIT}'s best: verb p99 ÷ ${LIMIT}`, GATES.p99, p99),
    atMost('half load: taking a call or writing, p99 ms above a bare round trip', GATES.aboveBareTripMs, above),
    atMost('kB a parked call', GATES.kbPerCall, kb),
    {
      what: 'inbound events/s',
      promised: `≥ ${GATES.eventsPerSecond}`,
      measured: ours.eventsPerSecond.toFixed(0),
      met: ours.eventsPerSecond >= GATES.eventsPerSecond,
    },
  ]
  console.log('')
  table(
    ['gate', 'promised', 'measured', ''],
    gates.map(({ what, promised, measured: figure, met }) => [what, promised, figure, met ? 'met' : 'MISSED']),
  )
  console.log(
    '\nA ratio is taken within each round, where the listeners run one right after the other; the figure is the median of the rounds.',
  )
  if (!measured.pinned)
    console.log('\nListener and load shared their cores (no taskset, or one core): the figures are noisy.')
  if (measured.others > QUIET)
    console.log(
      `\nOthers used this machine too (load average ${measured.others.toFixed(1)} before the first round): waits show it more than CPU does.`,
    )
  return gates.every(({ met }) => met)
}

const atMost = (what: string, limit: number, measured: number) => ({
  what,
  promised: `≤ ${limit}`,
  measured: measured.toFixed(2),
  met: measured <= limit,
})

/** The median over the rounds of a figure, divided by that of the limit in the same round. */
function ratio(
  rounds: ReadonlyMap<string, readonly LoadReport[]>,
  name: string,
  figure: (report: LoadReport) => number,
): number {
  const limit = rounds.get(LIMIT) ?? []
  return median(
    (rounds.get(name) ?? []).map(
      (report, round) => figure(report) / (limit[round] ? figure(limit[round]) : Number.NaN),
    ),
  )
}

const middle = (reports: readonly LoadReport[]) => (figure: (report: LoadReport) => number) =>
  median(reports.map(figure))

function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(row => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  console.log(line(head))
  console.log(
    `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`,
  )
  for (const row of rows) console.log(line(row))
}
