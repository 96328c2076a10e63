/** How people read the answers of the operations of calls. */
import { readable } from '../../base/duration.ts'
import callDial from '../../operations/call/dial.ts'
import callHangup from '../../operations/call/hangup.ts'
import callList from '../../operations/call/list.ts'
import callTransfer from '../../operations/call/transfer.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { table } from '../table.ts'
import { form } from './operations.ts'
import { timeOf } from './output.ts'
import { whyAgentForm, whyForm } from './why.ts'

type Call = OutputOf<typeof callList>[number]

export const callForms = [
  form(callDial, {
    words: 'dial',
    help: `
A running node makes the call. The command ends when the agent's telephone rings. If the telephone cannot be
reached, the command prints the reason and its exit code is 1. In both cases 'switchhook calls --number
<customer>' shows the outcome of the call.

Example:
  switchhook dial 1001 +493012345 --crmuuid 6f1c2a`,
    people: ({ uuid, extension, customer }) =>
      `extension ${extension} rings, then ${customer} is called (call ${uuid})\n`,
  }),
  form(callHangup, {
    help: `
A running node ends the call.

Example:
  switchhook call hangup 0c0f0a52-7f31-4c3e-9a55-0a4b8e1f2d90`,
    people: ({ call }) => `call ${call} was hung up\n`,
  }),
  form(callTransfer, {
    help: `
A running node sends the caller there, whatever the caller does now. An agent who talked with the caller goes to
wrap-up. A queue, an agent and a number are served by the flows queue-entry and transfer, in the same call and its
record; an extension takes the call away from Switchhook.

Examples:
  switchhook call transfer 0c0f0a52-7f31-4c3e-9a55-0a4b8e1f2d90 --queue support
  switchhook call transfer 0c0f0a52-7f31-4c3e-9a55-0a4b8e1f2d90 --agent bob
  switchhook call transfer 0c0f0a52-7f31-4c3e-9a55-0a4b8e1f2d90 7000`,
    people: ({ call, to }) => `call ${call} was sent to ${to}\n`,
  }),
  form(callList, {
    words: 'calls',
    shows: [['--long', 'also the times of waiting, ringing, talking and hold, who hung up, and the uuid']],
    help: `
Numbers are shown in full, because operators may see them. Logs mask them.

The outcome is the one that the flow returned. Otherwise it is one of these: talked, callback, transferred,
abandoned (the caller hung up while waiting in a queue), hung-up (before that), done (the flow ended),
overflow (the node was full), error, lost; for a dialled call without an answer: busy, no-answer, declined,
invalid, cancelled, failed, refused. Who hung up: customer, agent, other, flow, switch.

Examples:
  switchhook calls --number +493012345
  switchhook calls --campaign spring --long
  switchhook calls --limit 100 --json`,
    people: (calls, { given, options, colour }) =>
      sayAll(calls, { long: options['long'] === true, lead: given['campaign'] !== undefined }, colour),
  }),
  whyForm,
  whyAgentForm,
]

/** Which optional columns are shown. */
interface Columns {
  readonly long: boolean
  readonly lead: boolean
}

function sayAll(calls: readonly Call[], { long, lead }: Columns, colour: boolean): string {
  if (calls.length === 0) return 'no calls were found\n'
  const lasted = (ms: number | null) => (ms === null ? '–' : readable(ms))
  const row = (call: Call) => [
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
