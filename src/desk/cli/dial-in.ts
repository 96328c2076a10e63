/** `switchhook dial-in`: calls a flow from the keyboard, for the author of the flow. */
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
    .description('calls a flow from the keyboard, on its own node')
    .addArgument(new Argument('<flow>', 'the name of its file in SCRIPTS, such as welcome'))
    .option('--from <number>', "the caller's number")
    .option('--set <name=value>', 'a parameter of the flow; may be given several times', parameters)
    .addHelpText(
      'after',
      `
The keys 0 to 9, * and # are the keys of the telephone; h hangs up. Sounds are not played: their names are
printed, and each lasts 2 s. Two agents, alice and bob, serve every queue and answer after 3 s. The command
loads the scripts when it starts: after a change, dial in again (and restart running nodes).

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

/** Gives each key as it is pressed, or all input of a pipe. */
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
