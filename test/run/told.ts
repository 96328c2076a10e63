/**
 * The messages between a test run and its processes, one line of JSON each. A process writes on a separate pipe, so the
 * stdout of tests cannot disturb it.
 */
import { writeSync } from 'node:fs'

/** Names of the markers before and after the tests of a file. */
export const BEGINS = 'switchhook-test-file begins: '
export const ENDS = 'switchhook-test-file ends: '
const PIPE = 3

/** The run's message to a process: the file to test next, and whether it is the last one. */
export interface Task {
  readonly file: string
  readonly last: boolean
}

export type Told =
  | { what: 'file'; file: string }
  | { what: 'file over'; file: string; tests: number }
  /** For the next file. `open`: what the last file left open when its tests were over. */
  | { what: 'ready'; open: string[] }
  | { what: 'begins'; test: string }
  | { what: 'passed' | 'skipped'; test: string; ms: number }
  | { what: 'failed'; test: string; ms: number; error: string }
  | { what: 'diagnostic'; text: string }

/** Written synchronously, so that it arrives also from a process that ends in the next moment. */
export function told(event: Told): void {
  let rest = Buffer.from(`${JSON.stringify(event)}\n`)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(PIPE, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error // the pipe is full: the run reads in a moment
    }
  }
}
