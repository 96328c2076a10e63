/** Operations that a flow performs: the same that the command line and jobs perform (operations/). */
import { InputError, SwitchError, SwitchhookError, type ErrorCode } from '../base/errors.ts'
import type { CallContext } from '../call/call-context.ts'
import type { Leg } from '../call/leg.ts'
import type { Json } from '../journal/entries.ts'
import { step } from '../journal/steps.ts'

/** What came of an operation: its output, or why it was refused. */
export type Operated =
  | { readonly output: unknown; readonly refused?: undefined }
  | { readonly output?: undefined; readonly refused: ErrorCode; readonly why: string }

/**
 * A node that takes the call over in between performs the operation again. Rejects with InputError for an unknown
 * operation and for an input that it cannot use.
 */
export function operate(
  leg: Leg,
  context: CallContext,
  operation: string,
  input: Readonly<Record<string, unknown>>,
): Promise<Operated> {
  return step<Operated>(leg, {
    verb: 'operate',
    args: [operation],
    intent: () => null,
    async run() {
      try {
        const output = await context.operate(operation, input, `flow ${leg.arrival.path}`)
        return { output: JSON.parse(JSON.stringify(output ?? null)) as Json }
      } catch (error) {
        const isRefusal = error instanceof SwitchhookError && !(error instanceof SwitchError)
        if (!isRefusal || error instanceof InputError || error.code === 'CALL_MOVED') throw error
        return { refused: error.code, why: error.message }
      }
    },
    save: done => done as Json,
    load: saved => saved as Operated,
  })
}
