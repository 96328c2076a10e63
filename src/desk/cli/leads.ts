/** `switchhook campaign leads`: how people read the leads of a campaign, and all of them as CSV. */
import { csvCell } from '../../campaign/csv.ts'
import campaignLeads from '../../operations/campaign/leads.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { table } from '../table.ts'
import type { Desk } from './actions.ts'
import { form } from './operations.ts'
import { timeOf } from './output.ts'

type Lead = OutputOf<typeof campaignLeads>[number]

/** So many leads are in memory at one time. */
const PAGE = 1_000

/** The columns that follow the lead's own ones in the CSV output. Their names must not be those of a list. */
const RESULT = ['lead_state', 'lead_attempts', 'lead_disposition', 'lead_next_call']

export const leadsForm = form(campaignLeads, {
  shows: [['--csv', 'all leads as CSV, with the columns of their lists']],
  help: '\nExample:\n  switchhook campaign leads spring --csv > result.csv',
  async instead({ given, options }, desk) {
    if (options['csv'] !== true) return false
    await writeCsv(String(given['name']), desk)
    return true
  },
  people: (leads, { colour }) => sayAll(leads, colour),
})

async function* allLeads(name: string, { actions }: Desk): AsyncGenerator<readonly Lead[]> {
  for (let after = 0; ;) {
    const { output: page } = await actions.perform(campaignLeads, { name, limit: PAGE, after })
    if (page.length > 0) yield page
    if (page.length < PAGE) return
    after = page.at(-1)!.id
  }
}

/** Reads the leads twice: first the names of all columns, because the lists of one campaign may differ. */
async function writeCsv(campaign: string, desk: Desk): Promise<void> {
  const { terminal } = desk
  const names = new Set<string>()
  for await (const page of allLeads(campaign, desk))
    for (const { fields } of page) for (const name of Object.keys(fields)) names.add(name)
  const line = (cells: readonly string[]) => `${cells.map(csvCell).join(',')}\n`
  terminal.out(line(['phone', ...names, ...RESULT]))
  for await (const page of allLeads(campaign, desk)) {
    const lines = page.map(({ phone, fields, state, attempts, disposition, nextAt }) =>
      line([
        phone,
        ...[...names].map(name => fields[name] ?? ''),
        state,
        String(attempts),
        disposition ?? '',
        state === 'ready' ? nextAt.toISOString() : '',
      ]),
    )
    terminal.out(lines.join(''))
  }
}

function sayAll(leads: readonly Lead[], colour: boolean): string {
  if (leads.length === 0) return 'the campaign has no leads\n'
  const row = ({ phone, state, attempts, disposition, nextAt }: Lead) => [
    phone,
    state,
    attempts,
    disposition ?? '–',
    state === 'ready' ? timeOf(nextAt) : '–',
  ]
  return table(['phone', 'state', '>attempts', 'disposition', 'next call'], leads.map(row), colour)
}
