/** What a process of a test run tells the run, a line of JSON each, on a pipe of its own: what tests print on stdout cannot disturb it. */
import { writeSync } from 'node:fs'

/** Names of the markers before and behind the tests of a file. */
export const BEGINS = 'switchhook-test-file begins: '
export const ENDS = 'switchhook-test-file ends: '
const PIPE = 3

export type Told =
  | { what: 'file'; file: string }
  | { what: 'file over'; file: string; tests: number }
  /** The file left this open when its tests were over. */
  | { what: 'open'; file: string; resources: string[] }
  | { what: 'begins'; test: string }
  | { what: 'passed' | 'skipped'; test: string; ms: number }
  | { what: 'failed'; test: string; ms: number; error: string }
  | { what: 'diagnostic'; text: string }

/** Written at once, so that it arrives also from a process that ends in the next moment. */
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
