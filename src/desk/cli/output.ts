/** How commands answer (text for people, JSON for programs), and how they parse arguments. */
import { InvalidArgumentError, type Command } from 'commander'
import { readable } from '../../base/duration.ts'
import { InputError } from '../../base/errors.ts'
import type { sayEach } from '../../base/settings.ts'
import { visibleJson } from '../../base/visible.ts'
import { pairs, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'

export interface JsonOption {
  readonly json?: true
}

/** Adds --json to a command that answers with data. */
export function answers(command: Command): Command {
  return command.option('--json', 'answer in JSON, on stdout')
}

/** Prints `data` as JSON with --json, else the text that `people` returns. */
export function answer(terminal: Terminal, { json }: JsonOption, data: unknown, people: () => string): void {
  terminal.out(json ? `${visibleJson(JSON.stringify(data, null, 2))}\n` : people())
}

/** Makes a parser fit for commander: its InputError becomes a usage error. */
export function argument<T>(parse: (text: string) => T): (text: string) => T {
  return text => {
    try {
      return parse(text)
    } catch (error) {
      if (error instanceof InputError) throw new InvalidArgumentError(error.message)
      throw error
    }
  }
}

/** An answer without a form of its own: a table of a list, the fields of a thing. */
export function plain(output: unknown): string {
  const text = (value: unknown): string =>
    value === null || value === undefined
      ? '–'
      : value instanceof Date
        ? timeOf(value)
        : typeof value === 'object'
          ? JSON.stringify(value)
          : String(value as string | number | boolean)
  if (!Array.isArray(output))
    return pairs(Object.entries(output as object).map(([name, value]) => [name, text(value)] as const))
  const rows = output as readonly object[]
  const names = [...new Set(rows.flatMap(row => Object.keys(row)))]
  if (rows.length === 0) return 'there is nothing\n'
  return table(
    names,
    rows.map(row => names.map(name => text((row as Record<string, unknown>)[name]))),
  )
}

/** Every setting of a record, each with its meaning; those that were given stand out. */
export const saySettings = (each: ReturnType<typeof sayEach>, colour: boolean): string =>
  table(
    ['setting', 'value', 'meaning'],
    each.map(({ name, value, given, description }) => [
      name,
      { text: value || 'none', tone: given ? 'green' : 'dim' },
      description,
    ]),
    colour,
  )

/** '3m12s', or '–' for null. */
export const ago = (milliseconds: number | null): string => (milliseconds === null ? '–' : readable(milliseconds))

/** '2026-11-21 09:55:03' in the time zone of this machine, for people; JSON has UTC. */
export function timeOf(date: Date | null): string {
  return date === null ? '–' : date.toLocaleString('sv-SE')
}
