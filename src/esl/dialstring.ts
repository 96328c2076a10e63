/**
 * The only place that writes a dial string: `{name=value,…}endpoint`. FreeSWITCH has no escaping that works everywhere
 * (quotes do not protect a comma, nothing protects a brace; measured). So the types admit no value that would need
 * escaping.
 */
import { assertNoCode } from './variables.ts'
import type { DisplayName, Endpoint, Ident, VarValue } from './safe-text.ts'

declare const brand: unique symbol
export type DialString = string & { readonly [brand]: 'DialString' }

export interface DialVariables {
  /** Variables of the new leg. InputError for a name whose value FreeSWITCH would run. */
  readonly values: ReadonlyMap<Ident, VarValue>
  /** Shown on the ringing telephone. */
  readonly callerName?: DisplayName | undefined
}

/** Builds the dial string. Throws InputError for a variable whose value FreeSWITCH would run. */
export function dialString(endpoint: Endpoint, variables: DialVariables): DialString {
  const parts: string[] = []
  for (const [name, value] of variables.values) {
    assertNoCode(name)
    parts.push(`${name}=${value}`)
  }
  // a space would end the argument of `originate`, which reads \s as a space
  if (variables.callerName)
    parts.push(
      `origination_caller_id_name=${Buffer.from(variables.callerName, 'utf8').toString('latin1').replaceAll(' ', '\\s')}`,
    )
  return `${parts.length > 0 ? `{${parts.join(',')}}` : ''}${endpoint}` as DialString
}
