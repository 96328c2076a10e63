/** How people read the answers of the operations of leads, and the leads of a campaign as CSV on stdout. */
import { csvHead, csvLine, SHORT_COLUMNS } from '../../campaign/lead-csv.ts'
import campaignLeads from '../../operations/campaign/leads.ts'
import leadAdd from '../../operations/lead/add.ts'
import leadRecycle from '../../operations/lead/recycle.ts'
import leadRemove from '../../operations/lead/remove.ts'
import leadUpdate from '../../operations/lead/update.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { table } from '../table.ts'
import type { Desk } from './actions.ts'
import { form } from './operations.ts'
import { timeOf } from './output.ts'

type Lead = OutputOf<typeof campaignLeads>[number]

/** So many leads are in memory at one time. */
const PAGE = 1_000

export const leadsForm = form(campaignLeads, {
  shows: [['--csv', 'all leads as CSV on stdout, with the columns of their lists; `campaign export` writes a file']],
  help: `
Examples:
  switchhook campaign leads spring --state done --disposition busy
  switchhook campaign leads spring --csv > result.csv`,
  async instead({ given, options }, desk) {
    if (options['csv'] !== true) return false
    await writeCsv(given, desk)
    return true
  },
  people: (leads, { given, colour }) =>
    leads.length > 0
      ? sayAll(leads, colour)
      : Object.keys(given).some(name => name === 'state' || name === 'disposition' || name === 'number')
        ? 'the campaign has no such leads\n'
        : 'the campaign has no leads\n',
})

type Added = OutputOf<typeof leadAdd>

export const sayRejected = ({ rejected }: Added): string[] =>
  rejected.map(({ number, allowed }) => `'${number}' cannot be used; allowed: ${allowed}`)

export const sayAdded = ({ campaign, added, duplicates, optedOut, rejected }: Added): string =>
  `campaign ${campaign}: ${added} added, ${duplicates} already there, ${optedOut} opted out, ${rejected.length} rejected\n`

export const leadForms = [
  form(leadAdd, {
    help: `
Numbers that the campaign has already, and numbers that opted out, are skipped and counted. A running campaign calls
the new leads at once. A long list is a file: switchhook campaign add <campaign> --leads <file.csv>

Examples:
  switchhook lead add spring +493012345 --fields name=Anna,city=Ulm --priority 5
  switchhook lead add spring --leads +493012345,+493012346`,
    notes: sayRejected,
    people: sayAdded,
  }),
  form(leadUpdate, {
    help: '\nExample:\n  switchhook lead update spring +493012345 --priority 9 --call-at 2026-12-01T15:30+01:00',
    people: (lead, { colour }) => sayAll([lead], colour),
  }),
  form(leadRemove, {
    people: ({ campaign, number, afterAttempt }) =>
      afterAttempt
        ? `${number} is called in this moment, and is removed from campaign ${campaign} after this call\n`
        : `${number} was removed from campaign ${campaign}\n`,
  }),
  form(leadRecycle, {
    help: `
Their attempts count from 0 again. A campaign that is done or stopped calls them after \`switchhook campaign start\`.

Example:
  switchhook lead recycle spring --dispositions busy,no-answer`,
    people: ({ campaign, state, recycled, byDisposition, optedOut }) => {
      const each = Object.entries(byDisposition).map(([word, n]) => `${n} ${word}`)
      const parts = each.length > 1 ? ` (${each.join(', ')})` : ''
      return `campaign ${campaign} (${state}): ${recycled} leads are ready again${parts}, ${optedOut} opted out\n`
    },
  }),
]

type Given = Readonly<Record<string, unknown>>

async function* allLeads({ limit: _limit, ...given }: Given, { actions }: Desk): AsyncGenerator<readonly Lead[]> {
  for (let after = Number(given['after'] ?? 0); ;) {
    const { output: page } = await actions.perform(campaignLeads, { ...given, limit: PAGE, after })
    if (page.length > 0) yield page
    if (page.length < PAGE) return
    after = page.at(-1)!.id
  }
}

/** Reads the leads twice: first the names of all columns, because the lists of one campaign may differ. */
async function writeCsv(given: Given, desk: Desk): Promise<void> {
  const { terminal } = desk
  const names = new Set<string>()
  for await (const page of allLeads(given, desk))
    for (const { fields } of page) for (const name of Object.keys(fields)) names.add(name)
  const columns = { fields: [...names], result: SHORT_COLUMNS }
  terminal.out(csvHead(columns))
  for await (const page of allLeads(given, desk)) terminal.out(page.map(lead => csvLine(lead, columns)).join(''))
}

function sayAll(leads: readonly (Omit<Lead, 'tries'> & Partial<Pick<Lead, 'tries'>>)[], colour: boolean): string {
  const row = ({ phone, state, attempts, tries = {}, disposition, nextAt, removedAt }: (typeof leads)[number]) => [
    phone,
    removedAt === null ? state : 'removed',
    attempts,
    Object.entries(tries)
      .map(([what, n]) => `${n} ${what}`)
      .join(', ') || '–',
    disposition ?? '–',
    state === 'ready' ? timeOf(nextAt) : '–',
  ]
  return table(['phone', 'state', '>attempts', 'what came of them', 'disposition', 'next call'], leads.map(row), colour)
}
