/**
 * How a row of the fault matrix is told: what was injected, how often, what was seen, and whether that is enough. Each row is a test whose
 * name begins with its row and which fails when its pass figure is missed. `make fault` prints all of them as one table at its end.
 *
 *   row(3, 'a node is killed while callers hear a menu: …', { injected: 'SIGKILL of one of two nodes' }, async (t, told) => {
 *     told.trials = 100
 *     told.is(`${back}/100 back`, back === 100)
 *   })
 */
import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

/** `make fault`: every row, with the numbers of the matrix. Else only the quick ones, with fewer people. */
export const FULL = process.env['FAULT'] === 'full'
/** The folder in which `make fault` collects the rows. */
const COLLECTED = process.env['FAULT_ROWS']

/** So many in `make fault`, and so many in `make test`. */
export const many = (full: number, quick: number): number => (FULL ? full : quick)

export interface RowOptions {
  /** What was done to whom, in a few words. */
  readonly injected: string
  /** Also in `make test` (test/run/files.ts looks for these words): takes less than five seconds with the smaller numbers. Its figures of real time are told by `takes`, and its waits end after PATIENCE_MS. */
  readonly quick?: boolean
}

/** One line of the table. */
export interface Line {
  /** The row's number; '' for what the matrix does not have. */
  readonly row: string
  readonly name: string
  readonly injected: string
  readonly trials: number
  readonly figure: string
  readonly pass: boolean
  readonly seconds: number
}

/** What a row has seen. */
export class Told {
  trials = 1
  readonly figures: string[] = []
  readonly missed: string[] = []
  readonly #stories: (() => string)[] = []

  /** A figure, and whether it is good enough. The row goes on: all its figures are told, then it fails. */
  is(figure: string, good: boolean): void {
    this.figures.push(good ? figure : `${figure} (MISSED)`)
    if (!good) this.missed.push(figure)
  }

  /** A figure of real time: it is good enough or not in `make fault`, where the row has the machine to itself. Beside other tests it is only told. */
  takes(figure: string, good: boolean): void {
    if (FULL) this.is(figure, good)
    else this.says(figure)
  }

  /** What is printed when the row fails: logs, what people heard. */
  whenMissed(story: () => string): void {
    this.#stories.push(story)
  }

  story(): string {
    return this.#stories.map(story => story()).join('\n')
  }

  /** A figure that nothing depends on. */
  says(figure: string): void {
    this.figures.push(figure)
  }
}

/** A row of the matrix by its number, or what the matrix does not have by null. */
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
    let broken: unknown
    try {
      await run(t, told)
    } catch (error) {
      broken = error
      told.figures.push(`broken off: ${firstLine(error)}`)
    }
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

/** The value that so many percent (50, 95, 99, 100) of them do not exceed; NaN of none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? NaN
}

/** 'p50 20 ms, p95 310 ms, max 400 ms'. */
export function spread(values: readonly number[]): string {
  const at = (percent: number) => Math.round(percentile(values, percent))
  return `p50 ${at(50)} ms, p95 ${at(95)} ms, max ${at(100)} ms`
}
