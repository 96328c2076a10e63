/**
 * A row of the fault matrix and its report: what was injected, how often, what was seen, and whether that is enough.
 * Each row is a test whose name begins with its row, and which fails when it misses its pass figure. `make fault`
 * prints all of them as one table at its end.
 *
 *   row(3, 'a node is killed while callers hear a menu: …', { injected: 'SIGKILL of a node' }, async (t, told) => {
 *     told.trials = 100
 *     told.is(`${back}/100 back`, back === 100)
 *   })
 */
import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { leaks } from '../run/leaks.ts'

/** `make fault`: every row, with the numbers of the matrix. Else only the quick ones, with fewer people. */
export const FULL = process.env['FAULT'] === 'full'
/** The folder in which `make fault` collects the rows. */
const COLLECTED = process.env['FAULT_ROWS']

/** The first number in `make fault`, the second one in `make test`. */
export const many = (full: number, quick: number): number => (FULL ? full : quick)

export interface RowOptions {
  /** What was done, in a few words. */
  readonly injected: string
  /**
   * Also in `make test` (test/run/files.ts looks for these words): takes less than five seconds with the smaller
   * numbers. `takes` reports its figures of real time, and its waits end after PATIENCE_MS.
   */
  readonly quick?: boolean
}

/** One line of the table. */
export interface Line {
  /** The row's number; '' for a row that is not in the matrix. */
  readonly row: string
  readonly name: string
  readonly injected: string
  readonly trials: number
  readonly figure: string
  readonly pass: boolean
  readonly seconds: number
}

/** The results of a row. */
export class Told {
  trials = 1
  readonly figures: string[] = []
  readonly missed: string[] = []
  readonly #stories: (() => string)[] = []

  /** A figure, and whether it is good enough. The row continues, reports all its figures, and fails at its end. */
  is(figure: string, good: boolean): void {
    this.figures.push(good ? figure : `${figure} (MISSED)`)
    if (!good) this.missed.push(figure)
  }

  /**
   * A figure of real time: it is judged in `make fault` only, where the row has the machine to itself. Beside other
   * tests it is only reported.
   */
  takes(figure: string, good: boolean): void {
    if (FULL) this.is(figure, good)
    else this.says(figure)
  }

  /** Printed when the row fails: logs, what people heard. */
  whenMissed(story: () => string): void {
    this.#stories.push(story)
  }

  story(): string {
    return this.#stories.map(story => story()).join('\n')
  }

  /** A figure that decides nothing. */
  says(figure: string): void {
    this.figures.push(figure)
  }
}

/** A row of the matrix by its number; null: a row that is not in the matrix. */
export function row(
  number: number | null,
  name: string,
  options: RowOptions,
  run: (t: TestContext, told: Told) => Promise<void>,
): void {
  const title = number === null ? `beyond the rows: ${name}` : `row ${number}: ${name}`
  if (!FULL && !options.quick) return // in `make fault`
  test(title, async t => {
    const told = new Told()
    const began = performance.now()
    const open = process.getActiveResourcesInfo()
    let broken: unknown
    try {
      await run(t, told)
    } catch (error) {
      broken = error
      told.figures.push(`broken off: ${firstLine(error)}`)
    }
    // after everything that the row closes at its end
    t.after(async () => assert.deepEqual(await leaks(open), [], 'the row leaves something open'))
    const pass = broken === undefined && told.missed.length === 0
    const seconds = (performance.now() - began) / 1_000
    const line: Line = {
      row: number === null ? '' : String(number),
      name,
      injected: options.injected,
      trials: told.trials,
      figure: told.figures.join(', '),
      pass,
      seconds,
    }
    if (COLLECTED) appendFileSync(join(COLLECTED, `${process.pid}.jsonl`), `${JSON.stringify(line)}\n`)
    t.diagnostic(`${told.trials} × ${options.injected}: ${line.figure}`)
    if (!pass) process.stderr.write(`\n${title}\n${told.story()}\n`)
    if (broken !== undefined) throw broken
    assert.ok(pass, `missed: ${told.missed.join('; ')} (all figures: ${told.figures.join(', ')})`)
  })
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 160)
}

/** The value that this percentage (50, 95, 99, 100) of them does not exceed; NaN of none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? NaN
}

/** 'p50 20 ms, p95 310 ms, max 400 ms'. */
export function spread(values: readonly number[]): string {
  const at = (percent: number) => Math.round(percentile(values, percent))
  return `p50 ${at(50)} ms, p95 ${at(95)} ms, max ${at(100)} ms`
}
