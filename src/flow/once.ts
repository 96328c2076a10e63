/** A side effect outside the call, remembered: a flow that another node goes on with gets the result and not the effect. */
import { InputError } from '../base/errors.ts'
import type { Json } from '../journal/entries.ts'
import type { Leg } from '../call/leg.ts'
import { step } from '../journal/steps.ts'

export interface OnceOptions<T> {
  /** Finds out what became of `act` when its process died in the middle of it. Default: `act` again. */
  recover?: () => Promise<T>
}

/** Throws InputError when the result is nothing that JSON can hold. */
export function once<T>(leg: Leg, name: string, act: () => Promise<T>, { recover }: OnceOptions<T> = {}): Promise<T> {
  // the flow gets what is written down, so that it sees the same in a replay
  const written = async (what: () => Promise<T>) => {
    const result = await what()
    return result === undefined ? {} : { value: asJson(name, result) }
  }
  const outcome = step<{ value?: Json }>(leg, {
    verb: `once ${name}`,
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
      `the result of once '${name}' is a ${typeof result}: it must be what JSON can hold, so that another node can go on with it`,
    )
  return JSON.parse(text) as Json
}
