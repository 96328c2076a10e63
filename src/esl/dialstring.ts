/**
 * The only place that writes a dial string: `{name=value,…}endpoint`. There is no escaping that FreeSWITCH honours everywhere
 * (quotes do not protect a comma, nothing protects a brace; freeswitch measured), so values that would need it cannot be written.
 */
import { assertNoCode } from './variables.ts'
import type { DisplayName, Endpoint, Ident, VarValue } from './safe-text.ts'

declare const brand: unique symbol
export type DialString = string & { readonly [brand]: 'DialString' }

export interface DialVariables {
  /** Variables of the new leg. Nothing whose value FreeSWITCH would run can be named here: InputError. */
  readonly values: ReadonlyMap<Ident, VarValue>
  /** Shown on the telephone that rings. */
  readonly callerName?: DisplayName | undefined
}

export function dialString(endpoint: Endpoint, variables: DialVariables): DialString {
  const parts: string[] = []
  for (const [name, value] of variables.values) {
    assertNoCode(name)
    parts.push(`${name}=${value}`)
  }
  // a space would end the argument of `originate`; \s is its spelling there
  if (variables.callerName)
    parts.push(
      `origination_caller_id_name=${Buffer.from(variables.callerName, 'utf8').toString('latin1').replaceAll(' ', '\\s')}`,
    )
  return `${parts.length > 0 ? `{${parts.join(',')}}` : ''}${endpoint}` as DialString
}
