/** `switchhook calls`: what became of the last calls. */
import type { Command } from 'commander'
import { readable } from '../../base/duration.ts'
import { phoneNumber } from '../../campaign/import.ts'
import { callWithId, recentCalls, type CallRow } from '../../store/calls.ts'
import type { Sql } from '../../store/sql.ts'
import { table } from '../table.ts'
import type { Desk } from './actions.ts'
import { answer, answers, argument, timeOf, wholeNumber, type JsonOption } from './answer.ts'

interface CallsOptions extends JsonOption {
  readonly limit: number
  readonly number?: string
}

export function callsCommand(program: Command, { actions, terminal }: Desk): void {
  answers(program.command('calls').description('the last calls, newest first'))
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000), 20)
    .option('--number <number>', 'of this caller or this number called only', argument(phoneNumber))
    .addHelpText(
      'after',
      `
Numbers are shown in full: this is for the operator of the switch, who may see them. Logs mask them.

Examples:
  switchhook calls --number +493012345
  switchhook calls --limit 100 --json`,
    )
    .action(({ limit, number, ...options }: CallsOptions) =>
      actions.withDatabase(async ({ sql }) => {
        const calls = number === undefined ? await recentCalls(sql, limit) : await callsOf(sql, number, limit)
        answer(terminal, options, calls, () => sayAll(calls, terminal.colour))
      }),
    )
}

/** As people or carriers write it: with a + or without. */
async function callsOf(sql: Sql, number: string, limit: number): Promise<CallRow[]> {
  const written = [number.replace(/^\+/, ''), `+${number.replace(/^\+/, '')}`]
  const found = await sql<{ id: string }[]>`
    select id from calls where from_number in ${sql(written)} or to_number in ${sql(written)} order by started_at desc limit ${limit}`
  const rows = await Promise.all(found.map(({ id }) => callWithId(sql, id)))
  return rows.filter(row => row !== null)
}

function sayAll(calls: readonly CallRow[], colour: boolean): string {
  if (calls.length === 0) return 'there is no such call\n'
  const row = (call: CallRow) => {
    const lasted = call.endedAt === null ? 'under way' : readable(call.endedAt.getTime() - call.startedAt.getTime())
    return [
      timeOf(call.startedAt),
      call.direction === 'inbound' ? 'in' : 'out',
      call.from ?? 'withheld',
      call.to ?? '–',
      call.flow,
      call.agent ?? '–',
      lasted,
      call.outcome ?? '–',
      call.hangupCause ?? '–',
    ]
  }
  return table(['began', 'way', 'from', 'to', 'flow', 'agent', '>lasted', 'outcome', 'cause'], calls.map(row), colour)
}
