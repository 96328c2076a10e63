/** What a connection lets through of the events that it asked for (`filter`). */
import type { SwitchEvent } from './event.ts'
import type { Listener } from './listener.ts'

export interface Filter {
  readonly name: string
  readonly value: string
}

/** Any filter that matches lets the event through; one that begins with '-' and matches keeps it out. */
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

/** Did this connection ask for this event? One that said `myevents` for a leg that does not exist gets those of every leg. */
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
