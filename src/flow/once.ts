/**
 * A side effect outside the call, with its result in the journal: a replay gets the result and does not repeat the
 * effect.
 */
import { InputError } from '../base/errors.ts'
import type { Json } from '../journal/entries.ts'
import type { Leg } from '../call/leg.ts'
import { step } from '../journal/steps.ts'

export interface OnceOptions<T> {
  /**
   * Runs instead of `act` when the node died during `act`: finds out whether `act` took effect, and resolves with its
   * result. Default: `act` runs again.
   */
  recover?: () => Promise<T>
}

/** FlowCall.once. Rejects with InputError (BAD_INPUT) when JSON cannot hold the result. */
export function once<T>(leg: Leg, name: string, act: () => Promise<T>, { recover }: OnceOptions<T> = {}): Promise<T> {
  // the flow gets what the journal holds, so that it gets the same in a replay
  const written = async (what: () => Promise<T>) => {
    const result = await what()
    return result === undefined ? {} : { value: asJson(name, result) }
  }
  const outcome = step<{ value?: Json }>(leg, {
    verb: 'once',
    args: [name],
    intent: () => null,
    run: () => written(act),
    ...(recover && { recover: () => written(recover) }),
  })
  return outcome.then(({ value }) => value as T)
}

function asJson(name: string, result: unknown): Json {
  const text = JSON.stringify(result) as string | undefined
  if (text === undefined)
    throw new InputError(
      `the result of call.once('${name}') is a ${typeof result}: return a value that JSON can hold, for the replay`,
    )
  return JSON.parse(text) as Json
}
