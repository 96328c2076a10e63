/** `switchhook dial`: click-to-dial, as a CRM orders it. */
import type { Command } from 'commander'
import { phoneNumber } from '../../campaign/import.ts'
import { openJobs } from '../../campaign/jobs.ts'
import { ident, varValue } from '../../esl/safe-text.ts'
import type { Desk } from './actions.ts'
import { answer, answers, argument, type JsonOption } from './output.ts'

interface DialOptions extends JsonOption {
  readonly crmuuid?: string
  readonly productCode?: string
  readonly callType?: string
}

export function dialCommand(program: Command, { actions, terminal }: Desk): void {
  answers(program.command('dial').description("click-to-dial: the agent's telephone rings first, then the customer's"))
    .argument('<extension>', "the agent's, such as 1001", argument(ident))
    .argument('<customer>', 'the number to call', argument(phoneNumber))
    .option('--crmuuid <id>', 'copied unchanged into the record of the call', argument(varValue))
    .option('--product-code <code>', 'copied in the same way', argument(varValue))
    .option('--call-type <type>', 'copied in the same way', argument(varValue))
    .addHelpText(
      'after',
      `
A running node makes the call. The command ends when the agent's telephone rings. If the telephone cannot be
reached, the command prints the reason and its exit code is 1. In both cases 'switchhook calls --number
<customer>' shows the outcome of the call.

Example:
  switchhook dial 1001 +493012345 --crmuuid 6f1c2a`,
    )
    .action((extension: string, customer: string, { crmuuid, productCode, callType, ...options }: DialOptions) =>
      actions.withRedis(async ({ redis, log }) => {
        const jobs = await openJobs({ redis, log })
        try {
          const ids = {
            ...(crmuuid && { crmuuid }),
            ...(productCode && { product_code: productCode }),
            ...(callType && { call_type: callType }),
          }
          const job = await jobs.clickToDial({ extension, customer, ...ids })
          const { uuid } = await jobs.rings(job)
          answer(
            terminal,
            options,
            { job, uuid, extension, customer },
            () => `extension ${extension} rings, then ${customer} is called (call ${uuid})\n`,
          )
        } finally {
          await jobs.close()
        }
      }),
    )
}
