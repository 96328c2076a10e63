/**
 * The log: one JSON line per event, for the engineer on duty. The message is a constant text, values are fields.
 * Invariants, so that a log may be shown to anybody: numbers and digits that people dial are masked by the key of their
 * field; a telephone number is masked in any text (an error repeats its input); no line contains characters that
 * control a terminal.
 */
import { pino, type Logger } from 'pino'
import { maskedField, maskedText } from './masked.ts'
import { visibleJson } from './visible.ts'

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'> & { child(fields: Record<string, unknown>): Log }

const JSON_STRING = /"(?:[^"\\]|\\.)*"/g

const byKey = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, maskedField(key, value)]))

/** Masks within JSON strings only: a JSON number is a time or a count. */
const safeLine = (line: string) => visibleJson(line.replace(JSON_STRING, maskedText))

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
