/** How commands answer (text for people, JSON for programs), and how they parse arguments. */
import { InvalidArgumentError, type Command } from 'commander'
import { ms, readable, type Duration } from '../../base/duration.ts'
import { InputError, NotFoundError } from '../../base/errors.ts'
import { visibleJson } from '../../base/visible.ts'
import type { QueueStore } from '../../queue/store.ts'
import { Refusal } from '../exit.ts'
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

/** Parses '45s' into milliseconds, from `least` to `most`. */
export function durationMs(least: Duration, most: Duration): (text: string) => number {
  return argument(text => {
    const milliseconds = ms(text as Duration)
    if (milliseconds < ms(least) || milliseconds > ms(most))
      throw new InputError(`'${text}' is out of range; allowed: ${least} to ${most}`)
    return milliseconds
  })
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return argument(text => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || number < least || number > most)
      throw new InputError(`allowed: a whole number from ${least} to ${most}`)
    return number
  })
}

/** Throws NotFoundError, with the known queues, when one of `names` does not exist. */
export async function mustBeQueues(queueStore: QueueStore, names: readonly string[]): Promise<void> {
  const known = (await queueStore.queues()).map(queue => queue.name).sort()
  const missing = names.find(name => !known.includes(name))
  if (missing !== undefined) throw new NotFoundError('queue', missing, known)
}

/** Rethrows: an InputError means that the present state does not allow the change; what was typed is right. */
export function refuse(error: unknown): never {
  throw error instanceof InputError ? new Refusal(error.message, { cause: error }) : error
}

/** '3m12s', or '–' for null. */
export const ago = (milliseconds: number | null): string => (milliseconds === null ? '–' : readable(milliseconds))

/** '2026-11-21 09:55:03' in the time zone of this machine, for people; JSON has UTC. */
export function timeOf(date: Date | null): string {
  return date === null ? '–' : date.toLocaleString('sv-SE')
}
