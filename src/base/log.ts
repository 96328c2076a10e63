/**
 * One JSON line per event, for the person on night duty. The message is a fixed sentence, values are fields. A log can be shown to
 * anybody: what people dial and press is masked by key, a telephone number wherever it stands (an error repeats what it was given), and
 * nothing in a line steers the terminal that shows it.
 */
import { pino, type Logger } from 'pino'
import { visibleJson } from './visible.ts'

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'> & { child(fields: Record<string, unknown>): Log }

const MASKED = new Set(['from', 'to', 'number', 'phone', 'caller', 'callee', 'digits', 'callerName'])
/**
 * A number as a switch dials it, seven digits or more, or as people write one behind a plus or 00. Not a part of a uuid, a date, an
 * address or a longer word.
 */
const NUMBER = /(?<![\w.+-])(?:(?:\+|00)\d(?:[ ()/.-]{0,2}\d){5,18}|\d{7,20})(?![\w-]|\.\d)/g
const JSON_STRING = /"(?:[^"\\]|\\.)*"/g

/** '+49301234567' → '+49…67': enough to recognise, too little to dial. */
export function mask(value: string): string {
  return value.length <= 4 ? '…' : `${value.slice(0, 3)}…${value.slice(-2)}`
}

/** The telephone numbers within a text masked. */
export function maskNumbers(text: string): string {
  return text.replace(NUMBER, mask)
}

const byKey = (fields: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      MASKED.has(key) && typeof value === 'string' ? mask(value) : value,
    ]),
  )

/** What is a JSON number stays: times and counts are none of a telephone. */
const safeLine = (line: string) => visibleJson(line.replace(JSON_STRING, maskNumbers))

export function openLog(level: string, destination: { write(line: string): void } = process.stderr): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }), log: byKey, bindings: byKey },
    },
    { write: (line: string) => destination.write(safeLine(line)) },
  ) as unknown as Log
}

/** For tests and for parts that have nothing to say. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog }
