/** What a connection lets through of the events that it asked for (`filter`). */
import type { SwitchEvent } from './event.ts'

export interface Filter {
  readonly name: string
  readonly value: string
}

/** Any filter that matches lets the event through; one that begins with '-' and matches keeps it out. */
export function passes(event: SwitchEvent, filters: readonly Filter[]): boolean {
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
