/** `switchhook compliance`: how people read the report of a campaign's law, and the evidence of each call as CSV. */
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { readable, said } from '../../base/duration.ts'
import { csvCell } from '../../campaign/csv.ts'
import campaignCompliance from '../../operations/campaign/compliance.ts'
import campaignEvidence from '../../operations/campaign/evidence.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { percent } from '../percent.ts'
import { pairs, table } from '../table.ts'
import type { Desk } from './actions.ts'
import { form } from './operations.ts'
import { ago, timeOf } from './output.ts'

type Report = OutputOf<typeof campaignCompliance>
type Window = Report['windows'][number]
type Evidence = OutputOf<typeof campaignEvidence>[number]

/** So many calls are in memory at one time. */
const PAGE = 1_000

export const complianceForm = form(campaignCompliance, {
  words: 'compliance',
  shows: [['--file <out.csv>', 'also writes the evidence of every answered call of the campaign to this file']],
  help: `
  live          calls that a person answered, as the law counts them
  late          abandoned, though an agent came: after the time of the law
  no message    abandoned, and no message told who called
  corrected     an agent said that the call was something else
  longest wait  from where the law's time begins to the agent, to the message, or to the end of the call

Examples:
  switchhook compliance spring
  switchhook compliance spring --file evidence.csv`,
  async instead({ given, options }, desk) {
    const file = options['file']
    if (typeof file === 'string') {
      const calls = await writeEvidence(String(given['name']), file, desk)
      desk.terminal.err(`${calls} calls were written to ${file}\n`)
    }
    return false // the report follows
  },
  people: (report, { colour }) => sayReport(report, colour),
})

const COLUMNS = [
  'attempt',
  'lead',
  'phone',
  'law',
  'heard',
  'answeredAt',
  'detectedAt',
  'greetedAt',
  'connectedAt',
  'messageAt',
  'endedAt',
  'waitMs',
  'agent',
  'disposition',
  'countedAs',
  'counts',
] as const satisfies readonly (keyof Evidence)[]

const text = (value: Evidence[keyof Evidence]): string =>
  value === null ? '' : value instanceof Date ? value.toISOString() : String(value)

/** Resolves with the number of calls. Rejects when the file cannot be written. */
async function writeEvidence(name: string, file: string, { actions }: Desk): Promise<number> {
  const out = createWriteStream(file)
  const whole = finished(out)
  const write = async (lines: string) => void (out.write(lines) || (await Promise.race([once(out, 'drain'), whole])))
  await Promise.race([write(`${COLUMNS.join(',')}\n`), whole])
  let calls = 0
  for (let after: string | undefined; ;) {
    const { output: page } = await actions.perform(campaignEvidence, { name, limit: PAGE, ...(after && { after }) })
    await write(page.map(call => `${COLUMNS.map(column => csvCell(text(call[column]))).join(',')}\n`).join(''))
    calls += page.length
    after = page.at(-1)?.attempt
    if (page.length < PAGE) break
  }
  out.end()
  await whole
  return calls
}

const counted = (n: number): string => String(Math.round(n * 10) / 10)

const OVER = { campaign: 'the campaign, or each 30 days', day: 'any 24 hours', month: 'a calendar month' } as const

function sayReport({ campaign, law, windows, worst }: Report, colour: boolean): string {
  const { unchecked, connectWithinMs, deadlineFrom, lockMs } = law
  const head = pairs(
    [
      ['campaign', { text: campaign, tone: 'bold' }],
      ['law', `${law.name}: ${law.means}`],
      ['source', law.source],
      ...(unchecked.length > 0 ? [['to be checked', unchecked.join(', ')] as const] : []),
      ['abandoned calls', `at most ${percent(law.maxAbandoned)} over ${OVER[law.window]}, counted ${law.count}`],
      [
        'an agent speaks',
        `within ${said(connectWithinMs)} from the ${deadlineFrom === 'answer' ? 'answer' : 'end of the greeting'} on`,
      ],
      ['telephones ring', `${said(law.minRingMs)} or longer`],
      ['abandoned people hear', law.message ? 'who called' : 'nothing that the law asks for'],
      ['after an abandoned call', lockMs === 0 ? 'the law has no rule' : `no call for ${readable(lockMs)}`],
    ],
    colour,
  )
  const titles = [
    'from',
    'to',
    '>live',
    '>abandoned',
    '>share',
    '>limit',
    '>longest wait',
    '>late',
    '>no message',
    '>corrected',
  ]
  const last =
    worst === null
      ? ''
      : `the worst 24 hours of the last 30 days began ${timeOf(worst.from)}: ${counted(worst.abandoned)} of ${counted(worst.live)} (${percent(worst.share)})\n`
  return `${head}\n${table(titles, windows.map(row), colour)}${last}`
}

const row = (one: Window) => [
  timeOf(one.from),
  timeOf(one.to),
  counted(one.live),
  counted(one.abandoned),
  one.kept ? percent(one.share) : ({ text: percent(one.share), tone: 'yellow' } as const),
  percent(one.limit),
  ago(one.longestWaitMs),
  one.late,
  one.withoutMessage,
  one.corrected,
]
