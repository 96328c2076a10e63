/** `switchhook calls`: the last calls and their outcomes. */
import type { Command } from 'commander'
import { readable } from '../../base/duration.ts'
import { InputError } from '../../base/errors.ts'
import { phoneNumber } from '../../campaign/import.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { callsOfCrm, recentCalls, type CallRow } from '../../store/calls.ts'
import { table } from '../table.ts'
import type { Desk } from './actions.ts'
import { answer, answers, argument, timeOf, wholeNumber, type JsonOption } from './output.ts'

interface CallsOptions extends JsonOption {
  readonly limit: number
  readonly number?: string
  readonly campaign?: string
  readonly crmuuid?: string
  readonly long?: boolean
}

export function callsCommand(program: Command, { actions, terminal }: Desk): void {
  answers(program.command('calls').description('the last calls, newest first'))
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000), 20)
    .option('--number <number>', 'only calls of this customer, caller or called number', argument(phoneNumber))
    .option('--campaign <name>', 'only calls of this campaign, with the lead of each call')
    .option('--crmuuid <id>', 'only calls with this id of the CRM, all of them, oldest first')
    .option('--long', 'also the times of waiting, ringing, talking and hold, who hung up, and the uuid')
    .addHelpText(
      'after',
      `
Numbers are shown in full, because operators may see them. Logs mask them.

The outcome is the one that the flow returned. Otherwise it is one of these: talked, callback, transferred,
abandoned (the caller hung up while waiting in a queue), hung-up (before that), done (the flow ended),
overflow (the node was full), error, lost; for a dialled call without an answer: busy, no-answer, declined,
invalid, cancelled, failed, refused. Who hung up: customer, agent, other, flow, switch.

Examples:
  switchhook calls --number +493012345
  switchhook calls --campaign spring --long
  switchhook calls --limit 100 --json`,
    )
    .action(({ limit, number, campaign, crmuuid, long = false, ...options }: CallsOptions) =>
      actions.withDatabase(async ({ sql }) => {
        if (campaign !== undefined) await findCampaign(sql, campaign)
        if (crmuuid !== undefined && (number !== undefined || campaign !== undefined))
          throw new InputError('--crmuuid cannot be combined with --number or --campaign')
        const calls =
          crmuuid === undefined
            ? await recentCalls(sql, limit, undefined, { number, campaign })
            : await callsOfCrm(sql, crmuuid)
        answer(terminal, options, calls, () => sayAll(calls, { long, lead: campaign !== undefined }, terminal.colour))
      }),
    )
}

/** Which optional columns are shown. */
interface Shown {
  readonly long: boolean
  readonly lead: boolean
}

function sayAll(calls: readonly CallRow[], { long, lead }: Shown, colour: boolean): string {
  if (calls.length === 0) return 'no calls were found\n'
  const lasted = (ms: number | null) => (ms === null ? '–' : readable(ms))
  const row = (call: CallRow) => [
    timeOf(call.startedAt),
    call.direction === 'inbound' ? 'in' : 'out',
    call.from ?? 'withheld',
    call.to ?? '–',
    call.flow,
    call.agent ?? '–',
    call.endedAt === null ? 'under way' : readable(call.endedAt.getTime() - call.startedAt.getTime()),
    call.outcome ?? '–',
    call.hangupCause ?? '–',
    ...(long
      ? [
          lasted(call.waitMs),
          lasted(call.ringMs),
          lasted(call.talkMs),
          lasted(call.holdMs),
          call.hungUpBy ?? '–',
          call.id,
        ]
      : []),
    ...(lead ? [call.lead === null ? '–' : String(call.lead)] : []),
  ]
  const heads = ['began', 'way', 'from', 'to', 'flow', 'agent', '>lasted', 'outcome', 'cause']
  const more = [
    ...(long ? ['>waited', '>rang', '>talked', '>held', 'hung up by', 'call'] : []),
    ...(lead ? ['>lead'] : []),
  ]
  return table([...heads, ...more], calls.map(row), colour)
}
