/** `switchhook dial-in`: an author calls their own flow; the keyboard is the telephone. */
import { Argument, type Command } from 'commander'
import { InputError } from '../../base/errors.ts'
import type { Desk } from './actions.ts'
import { argument } from './output.ts'

interface DialInOptions {
  readonly from?: string
  readonly set?: Record<string, string>
}

export function dialInCommand(program: Command, { actions, terminal }: Desk): void {
  program
    .command('dial-in')
    .description('calls a flow from the keyboard, in a house in memory: no FreeSWITCH and no store is needed')
    .addArgument(new Argument('<flow>', 'the name of its file in SCRIPTS, such as welcome'))
    .option('--from <number>', "the caller's number")
    .option('--set <name=value>', 'a parameter of the flow; may be given several times', parameters)
    .addHelpText(
      'after',
      `
Keys 0 to 9, * and # are those of the telephone, h hangs up. Sounds are not played but named, and last 2 s. Two agents, alice and bob, serve
every queue and pick up after 3 s. Scripts are loaded at the start of the command: after a change, dial in once more (a node that runs has
to be started again).

Examples:
  switchhook dial-in welcome
  switchhook dial-in queue-entry --set queue=support`,
    )
    .action(async (flow: string, { from, set }: DialInOptions) => {
      const options = { ...(from !== undefined && { from }), ...(set && { params: set }) }
      const { outcome, agent, cause } = await actions.dialIn(
        flow,
        { keys: keyboard(), say: line => terminal.out(`${line}\n`) },
        options,
      )
      terminal.out(`the call is over: ${outcome}${agent === null ? '' : `, with ${agent}`} (${cause})\n`)
    })
}

const parameters = (text: string, before: Record<string, string> = {}): Record<string, string> => ({
  ...before,
  ...parameter(text),
})

const parameter = argument((text: string): Record<string, string> => {
  const at = text.indexOf('=')
  if (at < 1) throw new InputError(`'${text}' is not name=value`)
  return { [text.slice(0, at)]: text.slice(at + 1) }
})

/** Each key as it is pressed; of a pipe, all that comes. */
async function* keyboard(): AsyncGenerator<string> {
  const { stdin } = process
  stdin.setEncoding('utf8')
  if (stdin.isTTY) stdin.setRawMode(true)
  try {
    yield* stdin as AsyncIterable<string>
  } finally {
    if (stdin.isTTY) stdin.setRawMode(false)
  }
}
