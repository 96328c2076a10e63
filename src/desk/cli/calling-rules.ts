/** How people read the answers about who may be called: the do-not-call list, holidays, and why a lead waits. */
import dncAdd from '../../operations/dnc/add.ts'
import dncImport from '../../operations/dnc/import.ts'
import dncList from '../../operations/dnc/list.ts'
import dncRemove from '../../operations/dnc/remove.ts'
import holidayImport from '../../operations/holiday/import.ts'
import holidayList from '../../operations/holiday/list.ts'
import holidayRemove from '../../operations/holiday/remove.ts'
import leadWhy from '../../operations/lead/why.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { table } from '../table.ts'
import { form } from './operations.ts'
import { ago, timeOf } from './output.ts'

type Entry = OutputOf<typeof dncAdd>
type Imported = OutputOf<typeof dncImport>
type Told = OutputOf<typeof leadWhy>

export const callingRulesForms = [
  form(dncAdd, {
    help: "\nExamples:\n  switchhook dnc add +493012345 --source letter\n  switchhook dnc add '+4930*' --campaign spring",
    people: entry => `${entry.number} is not called by ${sayCampaign(entry)}\n`,
  }),
  form(dncList, {
    people: (entries, { colour }) =>
      entries.length === 0
        ? 'no such entry: switchhook dnc add <number>\n'
        : table(
            ['number', 'not called by', 'source', 'since', 'note'],
            entries.map(entry => [entry.number, sayCampaign(entry), entry.source, timeOf(entry.at), entry.note]),
            colour,
          ),
  }),
  form(dncRemove, { people: ({ name }) => `the entry ${name} was removed\n` }),
  form(dncImport, {
    help: '\nExample:\n  switchhook dnc import registry.csv --source national-registry',
    notes: sayFaults,
    people: sayImport,
  }),
  form(holidayImport, {
    help: '\nA line is: US-LA,2026-12-24,Christmas Eve\n\nExample:\n  switchhook holiday import holidays-2027.csv',
    notes: sayFaults,
    people: sayImport,
  }),
  form(holidayList, {
    people: (holidays, { colour }) =>
      holidays.length === 0
        ? 'no holiday is stored: switchhook holiday import <file.csv>\n'
        : table(
            ['date', 'region', 'holiday'],
            holidays.map(({ date, region, name }) => [date, region, name]),
            colour,
          ),
  }),
  form(holidayRemove, { people: ({ name }) => `the holiday ${name} was removed\n` }),
  form(leadWhy, {
    words: 'why lead',
    help: '\nExample:\n  switchhook why lead spring +493012345',
    people: (told, { colour, now }) => sayWhy(told, now, colour),
  }),
]

const sayCampaign = ({ campaign }: Entry): string => (campaign === null ? 'any campaign' : campaign)

function sayFaults({ firstFaults }: Imported): string[] {
  return firstFaults.map(({ line, value, why }) => `line ${line}: '${value}' cannot be used: ${why}`)
}

function sayImport({ read, added, rejected }: Imported): string {
  return `${read} lines read, ${added} added, ${read - added - rejected} already there, ${rejected} rejected\n`
}

function sayWhy({ lead, reasons, numbers, attempts }: Told, now: number, colour: boolean): string {
  const { phone, state, place } = lead
  const [regions = '', zones = ''] = place.split('|')
  const parts = [
    `${phone} is ${state}; region ${regions || 'unknown'}, time zone ${zones || 'unknown'}\n${
      reasons.length === 0
        ? '  nothing holds it back: it is dialled when its turn comes and an agent is free\n'
        : reasons.map(reason => `  ${sayReason(reason, now)}\n`).join('')
    }`,
  ]
  if (numbers.length > 1) {
    const rows = numbers.map(one => [
      one.phone,
      one.attempts,
      one.closed ? 'not called again' : one.next ? 'next' : '–',
    ])
    parts.push(table(['number', '>attempts', 'state'], rows, colour))
  }
  if (attempts.length > 0) {
    const rows = attempts.map(one => [
      timeOf(one.intendedAt),
      one.phone ?? phone,
      one.disposition ?? '–',
      one.cause ?? '–',
    ])
    parts.push(table(['attempt', 'number', 'disposition', 'cause'], rows, colour))
  }
  return parts.join('\n')
}

/** A reason of another version of Switchhook stays as it is. */
const REASONS: Readonly<Record<string, (what: string) => string>> = {
  'campaign-state': what => `the campaign is ${what}`,
  done: what => `it is done: ${what}`,
  removed: what => `it was taken from the list on ${what}`,
  claimed: what => `the node ${what} calls it now`,
  preview: what => `the agent ${what} looks at it`,
  retry: what => `it waits for its next call (last: ${what})`,
  callback: what => `it asked to be called at a time (${what})`,
  'callback-agent': what => `its callback waits for the agent ${what}`,
  hours: what => `it may not be called at this time: ${what}`,
  'do-not-call': what => `it is on the do-not-call list: ${what}`,
  limit: what => `the limit of ${what} is used up`,
  abandoned: what => `a person was abandoned at ${what}`,
  'called-now': what => `another campaign calls ${what} now`,
  'number-closed': what => `${what} is not called again`,
}

function sayReason({ why, until, what }: Told['reasons'][number], now: number): string {
  const end = until === null ? '' : `, until ${timeOf(new Date(until))} (${ago(Math.max(0, until - now))} more)`
  return `${REASONS[why]?.(what) ?? `${why}: ${what}`}${end}`
}
