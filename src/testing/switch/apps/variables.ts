/** Applications that set variables. */
import { separate } from '../separate.ts'
import type { Channel } from '../channel.ts'
import type { Application } from './application.ts'

/** `name=value` or `name,value`. Blanks are part of the name and of the value (base_set of mod_dptools). */
function assign(channel: Channel, pair: string): void {
  const at = pair.includes('=') ? pair.indexOf('=') : pair.indexOf(',')
  if (at < 0) return channel.variables.set(pair, undefined)
  channel.variables.set(pair.slice(0, at), pair.slice(at + 1))
}

export const variableApplications: Record<string, Application> = {
  set: assign,
  unset: (channel, name) => channel.variables.set(name, undefined),
  /** `nolocal:` sets the variable on later legs only. */
  export(channel, data) {
    const [, scope, pair] = /^(nolocal:|_nolocal_)?([^]*)$/.exec(data)!
    const name = pair!.slice(0, Math.max(0, pair!.indexOf('='))).trim()
    if (name === '') return
    if (scope) channel.variables.set(`nolocal:${name}`, pair!.slice(pair!.indexOf('=') + 1))
    else assign(channel, pair!)
    const exported = channel.variables.get('export_vars')
    channel.variables.set('export_vars', exported ? `${exported},${scope ?? ''}${name}` : `${scope ?? ''}${name}`)
  },
  multiset(channel, data) {
    for (const pair of separate(data, ' ', 256)) assign(channel, pair)
  },
  multiunset(channel, data) {
    for (const name of separate(data, ' ', 256)) channel.variables.set(name, undefined)
  },
}
