/** `switchhook run`, `doctor` and `settings`: they run, check and show the installation. */
import type { Command } from 'commander'
import { SwitchhookError } from '../../base/errors.ts'
import { readConfig, showSettings } from '../../config.ts'
import { harmful, sayFinding, saySum, type Finding } from '../doctor/finding.ts'
import type { Desk } from './actions.ts'
import { answer, answers, type JsonOption } from './output.ts'

export function installationCommands(program: Command, { actions, terminal }: Desk): void {
  program
    .command('run')
    .description('takes calls and dials campaigns until SIGTERM')
    .addHelpText(
      'after',
      `
Without FREESWITCH the node runs on a simulated FreeSWITCH, with callers, agents and a campaign. SIGTERM (or
Ctrl-C) hands waiting callers to the next node and does not touch conversations; a second signal ends the
process at once.

Examples:
  switchhook run
  FREESWITCH=10.0.0.5:8021 FREESWITCH_PASSWORD=… switchhook run`,
    )
    .action(() => actions.run())

  answers(program.command('doctor').description('checks this installation, and how to fix it'))
    .addHelpText(
      'after',
      `
With FREESWITCH set, it logs in to each FreeSWITCH once and sends a silent test call to each node that the
dialplan names. It changes nothing and calls nobody. The exit code is 1 when there is a fault, and 0 when
there are only warnings.`,
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

  answers(program.command('settings').description('the settings in force; secrets are shown as …'))
    .addHelpText(
      'after',
      '\nSettings come from the environment. When some are invalid, the command names all of them; its exit code is 2.',
    )
    .action((options: JsonOption) => {
      const shown = showSettings()
      answer(terminal, options, asObject(shown), () => `${shown}\n`)
      readConfig() // throws SettingError
    })
}

/** Sets the exit code. It prints no message, because the findings are printed already. */
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
