/**
 * The command line: all commands, their help and exit codes. Answers go to stdout, everything else to stderr. Used by
 * src/main.ts.
 */
import { Command, CommanderError } from 'commander'
import { VERSION } from '../base/version.ts'
import type { Actions } from './cli/actions.ts'
import { agentForms } from './cli/agent.ts'
import { callbackForms } from './cli/callback.ts'
import { callForms } from './cli/call.ts'
import { callingRulesForms } from './cli/calling-rules.ts'
import { campaignForms } from './cli/campaign.ts'
import { dispositionForms } from './cli/disposition.ts'
import { dialInCommand } from './cli/dial-in.ts'
import { eventForms } from './cli/event.ts'
import { figuresForms } from './cli/figures.ts'
import { freeswitchCommands } from './cli/freeswitch.ts'
import { gatewayForms } from './cli/gateway.ts'
import { leadForms } from './cli/leads.ts'
import { installationCommands, Unhealthy } from './cli/installation.ts'
import { keyForms } from './cli/key.ts'
import { numberForms } from './cli/number.ts'
import { operationCommands } from './cli/operations.ts'
import { personForms } from './cli/person.ts'
import { queueForms } from './cli/queue.ts'
import { previewForms } from './cli/preview.ts'
import { talkForms } from './cli/talk.ts'
import { EXIT, exitCodeOf, sayError, type ExitCode } from './exit.ts'
import { guarded, processTerminal, type Terminal } from './terminal.ts'

export type { Actions } from './cli/actions.ts'

const NOUNS = {
  campaign: 'lists of people to call',
  lead: 'people on the list of a campaign',
  dnc: 'numbers that campaigns do not call',
  holiday: 'days on which campaigns do not call',
  disposition: 'what can come of a call of a campaign',
  agent: 'the agents, who answer calls',
  'break-reason': 'the reasons for breaks that agents may give',
  queue: 'the queues, in which callers wait',
  callback: 'promised callbacks',
  gateway: 'lines and calls per second of carriers',
  number: 'numbers whose callers go first, or are blocked',
  call: 'live calls',
  preview: 'leads at which agents look before they are called',
  talk: 'calls in which a caller and an agent talk',
  figures: 'what happened, by queue, agent and campaign',
  floor: 'the floor at a moment of the past',
  recording: 'the recordings of live calls',
  events: 'what happens, for programs that hear it',
  webhook: 'where events are sent',
  person: 'who logs in to the desk',
  key: 'who may use the HTTP API',
  audit: 'the record of all changes',
}

/**
 * Returns the root command with every command that the first word can mean. Parsing rejects with CommanderError for a
 * usage error, and never ends the process.
 */
function program(word: string | undefined, actions: Actions, bare: Terminal = processTerminal()): Command {
  const terminal = guarded(bare)
  const desk = { actions, terminal }
  const root = new Command('switchhook')
    .description('The application server that FreeSWITCH hands its calls to.')
    .configureOutput({
      writeOut: text => terminal.out(text),
      writeErr: text => terminal.err(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'switchhook: ')),
    })
    .configureHelp({
      subcommandTerm: command =>
        [
          command.name(),
          ...command.registeredArguments.map(one => (one.required ? `<${one.name()}>` : `[${one.name()}]`)),
        ].join(' '),
    })
    .version(VERSION, '--version', 'the version of this program')
    .usage('<command>')
    .exitOverride()
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Every command that prints data takes --json. \`switchhook <command> --help\` shows examples.
Exit codes: 0 done, 1 failed, 2 usage error, 3 not found, 4 refused.

Examples:
  switchhook queue add sales
  switchhook agent add alice user/1001 --queues sales
  switchhook campaign add spring --leads spring.csv --queue sales`,
    )
  installationCommands(root, desk)
  operationCommands(root, desk, word, {
    forms: [
      ...campaignForms,
      ...leadForms,
      ...dispositionForms,
      ...agentForms,
      ...queueForms,
      ...callbackForms,
      ...numberForms,
      ...gatewayForms,
      ...callForms,
      ...callingRulesForms,
      ...previewForms,
      ...talkForms,
      ...figuresForms,
      ...keyForms,
      ...eventForms,
      ...personForms,
    ],
    nouns: NOUNS,
  })
  dialInCommand(root, desk)
  freeswitchCommands(root, desk)
  return root
}

/** Runs one command and returns the exit code. `words` are the arguments after the program's name. Never rejects. */
export async function runCli(
  words: readonly string[],
  actions: Actions,
  terminal: Terminal = processTerminal(),
): Promise<ExitCode> {
  try {
    await program(words[0], actions, terminal).parseAsync(words, { from: 'user' })
    return EXIT.done
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage // the reason is printed
    if (!(error instanceof Unhealthy)) guarded(terminal).err(`${sayError(error)}\n`)
    return exitCodeOf(error)
  }
}
