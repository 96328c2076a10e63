/** `switchhook campaign leads`: the leads of a campaign, and what came of each. */
import type { Command } from 'commander'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { csvCell } from '../../campaign/csv.ts'
import { leadsOf, type LeadRow } from '../../store/leads.ts'
import type { Sql } from '../../store/sql.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { Desk } from './actions.ts'
import { answer, answers, timeOf, wholeNumber, type JsonOption } from './output.ts'

interface LeadsOptions extends JsonOption {
  readonly limit: number
  readonly csv?: true
}

/** So many leads are in memory at one time. */
const PAGE = 1_000

/** The columns that follow the lead's own ones in the CSV output. Their names must not be those of a list. */
const RESULT = ['lead_state', 'lead_attempts', 'lead_disposition', 'lead_next_call']

export function leadsCommand(campaign: Command, { actions, terminal }: Desk): void {
  answers(
    campaign
      .command('leads')
      .description('the leads of a campaign in the order of their import, and what came of each')
      .argument('<name>'),
  )
    .option('--limit <n>', 'how many', wholeNumber(1, 10_000), 50)
    .option('--csv', 'all leads as CSV, with the columns of their lists')
    .addHelpText('after', '\nExample:\n  switchhook campaign leads spring --csv > result.csv')
    .action((name: string, { limit, csv, ...options }: LeadsOptions) =>
      actions.withDatabase(async ({ sql }) => {
        const { id } = await findCampaign(sql, name)
        if (csv) return writeCsv(sql, id, terminal)
        const leads = await leadsOf(sql, id, limit)
        answer(terminal, options, leads, () => sayAll(leads, terminal.colour))
      }),
    )
}

async function* allLeads(sql: Sql, campaign: string): AsyncGenerator<readonly LeadRow[]> {
  for (let after = 0; ;) {
    const page = await leadsOf(sql, campaign, PAGE, after)
    if (page.length > 0) yield page
    if (page.length < PAGE) return
    after = page.at(-1)!.id
  }
}

/** Reads the leads twice: first the names of all columns, because the lists of one campaign may differ. */
async function writeCsv(sql: Sql, campaign: string, terminal: Terminal): Promise<void> {
  const names = new Set<string>()
  for await (const page of allLeads(sql, campaign))
    for (const { fields } of page) for (const name of Object.keys(fields)) names.add(name)
  const line = (cells: readonly string[]) => `${cells.map(csvCell).join(',')}\n`
  terminal.out(line(['phone', ...names, ...RESULT]))
  for await (const page of allLeads(sql, campaign)) {
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

function sayAll(leads: readonly LeadRow[], colour: boolean): string {
  if (leads.length === 0) return 'the campaign has no leads\n'
  const row = ({ phone, state, attempts, disposition, nextAt }: LeadRow) => [
    phone,
    state,
    attempts,
    disposition ?? '–',
    state === 'ready' ? timeOf(nextAt) : '–',
  ]
  return table(['phone', 'state', '>attempts', 'disposition', 'next call'], leads.map(row), colour)
}
