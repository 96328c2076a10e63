/** Applications that set variables. */
import { separate } from '../separate.ts'
import type { Channel } from '../channel.ts'
import type { Application } from './application.ts'

function assign(channel: Channel, pair: string): void {
  const equals = pair.indexOf('=')
  if (equals < 0) return channel.variables.set(pair.trim(), undefined)
  const value = pair.slice(equals + 1).trim()
  channel.variables.set(pair.slice(0, equals).trim(), value === '_undef_' ? undefined : value)
}

export const variableApplications: Record<string, Application> = {
  set: assign,
  unset: (channel, name) => channel.variables.set(name.trim(), undefined),
  /** `nolocal:` sets the variable on the legs to come only. */
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
