/**
 * The log: one JSON line per event, for the engineer on duty. The message is a constant text, values are fields.
 * Invariants, so that a log may be shown to anybody: numbers and digits that people dial are masked by the key of their
 * field; a telephone number is masked in any text (an error repeats its input); no line contains characters that
 * control a terminal.
 */
import { pino, type Logger } from 'pino'
import { visibleJson } from './visible.ts'

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'> & { child(fields: Record<string, unknown>): Log }

const MASKED = new Set(['from', 'to', 'number', 'phone', 'caller', 'callee', 'digits', 'callerName'])
/** The columns of a lead: names, addresses, whatever the list has. */
const COLUMNS = 'fields'
/**
 * A telephone number: seven digits or more, or a number after + or 00 as people write it. Not a part of a uuid, a date,
 * an address or a longer word.
 */
const NUMBER = /(?<![\w.+-])(?:(?:\+|00)\d(?:[ ()/.-]{0,2}\d){5,18}|\d{7,20})(?![\w-]|\.\d)/g
const JSON_STRING = /"(?:[^"\\]|\\.)*"/g

/** Masks a number, '+49301234567' → '+49…67': enough to recognise it, too little to dial it. */
function mask(value: string): string {
  return value.length <= 4 ? '…' : `${value.slice(0, 3)}…${value.slice(-2)}`
}

/** Masks all telephone numbers within a text. */
function maskNumbers(text: string): string {
  return text.replace(NUMBER, mask)
}

const byKey = (fields: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      MASKED.has(key) && typeof value === 'string' ? mask(value) : key === COLUMNS ? '…' : value,
    ]),
  )

/** Masks within JSON strings only: a JSON number is a time or a count. */
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

/** A log that writes nothing: for tests, and the default of parts that get no log. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog }
