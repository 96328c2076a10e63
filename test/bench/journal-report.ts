/** The bench's second table: the cost of a call's journal, and how long a caller waits for it. */
import { median, type Spread } from './figures.ts'
import type { LoadReport } from './loops.ts'
import type { Waits } from './waits.ts'

/**
 * The steps of the standard call: answer, play, gather, execute, play, hangup. Two of them need no write of their own.
 * `answer` may be repeated, so its entry is sent with that of the first prompt. The entry of `hangup` is sent with the
 * result of the flow, when nobody waits any more.
 */
const VERBS = 6

export interface JournalRounds {
  /** Each round: the same load, without and with the journal. */
  readonly full: Pair
  readonly half: Pair
  readonly waits: readonly Waits[]
  /** A bare round trip to the same Redis, immediately before each round of `waits`. */
  readonly bare: readonly Spread[]
}

interface Pair {
  readonly without: readonly LoadReport[]
  readonly with: readonly LoadReport[]
}

/**
 * Milliseconds by which the p99 of a caller's wait at half load is above that of a bare round trip. A caller waits for
 * the take of the call and for the write of a verb; the larger counts. The median of the rounds, each against its own
 * bare round trip.
 */
export const aboveBareTrip = ({ waits, bare }: JournalRounds): number =>
  median(waits.map(({ append, take }, round) => Math.max(append.p99, take.p99) - (bare[round]?.p99 ?? Number.NaN)))

/** The heads and rows of two tables, and a sentence between them. */
export function journalTables({ full, half, waits, bare }: JournalRounds) {
  const middle = (figure: (one: Waits) => number) => median(waits.map(figure))
  const perCall = (figure: (one: Waits) => number) => middle(one => figure(one) / one.take.count)
  const ms = (reports: readonly LoadReport[], figure: (report: LoadReport) => number) => median(reports.map(figure))
  const cpu = (name: string, pair: Pair) => [
    `${name}, ${ms(pair.with, report => report.callsPerSecond).toFixed(0)} calls/s`,
    ...both(pair).flatMap(reports =>
      [1, VERBS].map(verbs => (ms(reports, report => report.cpuMsPerCall) / verbs).toFixed(3)),
    ),
    difference(pair).toFixed(3),
    ...both(pair).map(reports =>
      (['p50', 'p99'] as const).map(part => ms(reports, report => report.verb[part]).toFixed(2)).join(' / '),
    ),
  ]
  const wait = (what: string, which: 'take' | 'append' | 'last' | 'end') => [
    what,
    perCall(one => one[which].count).toFixed(2),
    ...(['p50', 'p95', 'p99'] as const).map(part => middle(one => one[which][part]).toFixed(2)),
    [Math.min, Math.max].map(edge => edge(...waits.map(one => one[which].p99)).toFixed(2)).join('–'),
    Math.max(...waits.map(one => one[which].max)).toFixed(2),
  ]
  return {
    cpu: {
      head: [
        'the journal',
        'CPU ms/call without',
        'a verb',
        'with',
        'a verb',
        'difference a verb',
        'verb p50 / p99 ms without',
        'with',
      ],
      rows: [cpu('full speed', full), cpu('half load', half)],
    },
    what:
      `${VERBS} verbs a call; ${perCall(one => one.append.count).toFixed(2)} of them wait for a write of their own, with ` +
      `${perCall(one => one.entries).toFixed(2)} entries (${(perCall(one => one.characters) / 1_000).toFixed(1)} kB) in all; ` +
      `refused or unanswered: ${waits.reduce((sum, one) => sum + one.failed, 0)}.`,
    waits: {
      head: ['at half load, ms', 'a call', 'p50', 'p95', 'p99', 'p99 by round', 'max'],
      rows: [
        wait('the flow begins when the call is taken', 'take'),
        wait('a verb waits for its write', 'append'),
        wait('caller gone: last word, and whose it was', 'last'),
        wait('caller gone: journal thrown away', 'end'),
        [
          'beside it, before each round: a bare PING',
          '–',
          ...(['p50', 'p95', 'p99'] as const).map(part => median(bare.map(one => one[part])).toFixed(2)),
          [Math.min, Math.max].map(edge => edge(...bare.map(one => one.p99)).toFixed(2)).join('–'),
          Math.max(...bare.map(one => one.max)).toFixed(2),
        ],
      ],
    },
  }
}

const both = (pair: Pair) => [pair.without, pair.with]

/**
 * CPU milliseconds that the journal adds to a verb: the whole journal, with its beginning and end, divided by the
 * verbs. The median of the rounds.
 */
const difference = (pair: Pair) =>
  median(pair.with.map((one, round) => (one.cpuMsPerCall - (pair.without[round]?.cpuMsPerCall ?? Number.NaN)) / VERBS))
