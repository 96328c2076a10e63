/** `switchhook run`, `doctor` and `settings`: the installation itself. */
import type { Command } from 'commander'
import { SwitchhookError } from '../../base/errors.ts'
import { readConfig, showSettings } from '../../config.ts'
import { harmful, sayFinding, saySum, type Finding } from '../doctor/finding.ts'
import type { Desk } from './actions.ts'
import { answer, answers, type JsonOption } from './output.ts'

export function installationCommands(program: Command, { actions, terminal }: Desk): void {
  program
    .command('run')
    .description('a node at work: takes calls, dials campaigns, until SIGTERM')
    .addHelpText(
      'after',
      `
Without FREESWITCH a switch is simulated, with callers, agents and a campaign. SIGTERM (or Ctrl-C) hands waiting callers to the next
node and leaves talks alone; a second signal is obeyed at once.

Examples:
  switchhook run
  FREESWITCH=10.0.0.5:8021 FREESWITCH_PASSWORD=… switchhook run`,
    )
    .action(() => actions.run())

  answers(
    program.command('doctor').description('looks for what is wrong with this installation, and says how to mend it'),
  )
    .addHelpText(
      'after',
      `
With FREESWITCH set it logs in to each switch once and sends one silent call without a telephone through the dialplan. Nothing is
changed, nobody is called. Exit code 1 when there is a fault; warnings are none.`,
    )
    .action(async (options: JsonOption) => {
      const found: Finding[] = []
      for await (const finding of actions.doctor()) {
        found.push(finding)
        if (!options.json) terminal.out(sayFinding(finding, terminal.colour))
      }
      answer(terminal, options, { healthy: !found.some(harmful), findings: found }, () => saySum(found))
      if (found.some(harmful)) throw new Unhealthy()
    })

  answers(program.command('settings').description('the settings in force, one a line; secrets as …'))
    .addHelpText(
      'after',
      '\nSettings come from the environment. When some cannot be used all of them are named, and the exit code is 2.',
    )
    .action((options: JsonOption) => {
      const shown = showSettings()
      answer(terminal, options, asObject(shown), () => `${shown}\n`)
      readConfig() // throws SettingError
    })
}

/** The findings have said it all; only the exit code is left to say. */
export class Unhealthy extends SwitchhookError {
  constructor() {
    super('SERVICE', 'this installation has faults')
  }
}

function asObject(lines: string): Record<string, string> {
  return Object.fromEntries(
    lines.split('\n').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}
