/** Filters of a connection over the events that it subscribed to (`filter`). */
import type { SwitchEvent } from './event.ts'
import type { Listener } from './listener.ts'

export interface Filter {
  readonly name: string
  readonly value: string
}

/** An event passes when any filter matches. It does not pass when a filter that begins with '-' matches. */
function passes(event: SwitchEvent, filters: readonly Filter[]): boolean {
  let through = false
  for (const { name, value } of filters) {
    const negative = /^[+ ]*-/.test(value)
    if (through && !negative) continue
    const wanted = value.replace(/^[+ -]+/, '')
    const found = event.header(name)
    if (found === undefined) continue
    const matches = wanted.startsWith('/')
      ? new RegExp(wanted.slice(1, wanted.lastIndexOf('/'))).test(found)
      : found.toLowerCase() === wanted.toLowerCase()
    if (!matches) continue
    if (negative) return false
    through = true
  }
  return through
}

/**
 * True when this connection receives this event. After `myevents` for an unknown leg it receives those of every leg.
 */
export function asksFor(listener: Listener, event: SwitchEvent): boolean {
  const { events, subclasses, filters, channel } = listener
  if (!events.has('ALL')) {
    if (!events.has(event.name)) return false
    if (event.name === 'CUSTOM' && event.subclass !== undefined && !subclasses.has(event.subclass)) return false
  }
  if (filters.length > 0 && !passes(event, filters)) return false
  if (!listener.myEvents) return true
  if (!channel) return event.channel !== undefined
  return (event.channel?.uuid ?? event.header('Job-Owner-UUID')) === channel.uuid
}
