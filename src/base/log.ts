/**
 * One JSON line per event, for the person on night duty. The message is a fixed sentence, values are fields.
 * Numbers and digits of callers are masked by key, so that a log can be shown to anybody.
 */
import { pino, type Logger } from 'pino'

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'> & { child(fields: Record<string, unknown>): Log }

const MASKED = new Set(['from', 'to', 'number', 'phone', 'caller', 'callee', 'digits', 'callerName'])

/** '+49301234567' → '+49…67': enough to recognise, too little to dial. */
export function mask(value: string): string {
  return value.length <= 4 ? '…' : `${value.slice(0, 3)}…${value.slice(-2)}`
}

export function openLog(level: string, destination: { write(line: string): void } = process.stderr): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: label => ({ level: label }),
        log: fields => Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, MASKED.has(key) && typeof value === 'string' ? mask(value) : value])),
      },
    },
    destination,
  ) as unknown as Log
}

/** For tests and for parts that have nothing to say. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog }
