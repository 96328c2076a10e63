/**
 * The only place that writes a dial string: `{name=value,…}endpoint`. There is no escaping that FreeSWITCH honours everywhere
 * (quotes do not protect a comma, nothing protects a brace; freeswitch measured), so values that would need it cannot be written.
 */
import type { DisplayName, Endpoint, Ident, VarValue } from './words.ts'

declare const brand: unique symbol
export type DialString = string & { readonly [brand]: 'DialString' }

export interface DialVariables {
  /** Variables of the new leg. Nothing that FreeSWITCH would run (execute_on_…, api_on_…) can be named here. */
  readonly values: ReadonlyMap<Ident, VarValue>
  /** Shown on the telephone that rings. */
  readonly callerName?: DisplayName | undefined
}

/** Names whose values FreeSWITCH runs, or that weaken its own checks (switch_ivr_originate.c, origination_nested_vars). */
const CODE = /^(execute_on_|api_on_|api_hangup_hook|api_reporting_hook|exec_after_|group_confirm_|sip_h_|sip_route_uri|origination_nested_vars|xml_cdr_base|json_cdr_base|bind_meta|record_post_process)/i

export function dialString(endpoint: Endpoint, variables: DialVariables): DialString {
  const parts: string[] = []
  for (const [name, value] of variables.values) {
    if (CODE.test(name)) throw new TypeError(`${name} is code to FreeSWITCH and is never set from here`)
    parts.push(`${name}=${value}`)
  }
  // a space would end the argument of `originate`; \s is its spelling there
  if (variables.callerName) parts.push(`origination_caller_id_name=${Buffer.from(variables.callerName, 'utf8').toString('latin1').replaceAll(' ', '\\s')}`)
  return `${parts.length > 0 ? `{${parts.join(',')}}` : ''}${endpoint}` as DialString
}
