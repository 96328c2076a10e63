/**
 * `node --import tsx test/fault/print-matrix.ts FOLDER [some]`: prints the rows that `make fault` has collected, as one
 * table. Fails when a row has failed, and when a row is missing unless only some were run.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Line } from './matrix.ts'

/** The rows that Switchhook promises, and what happens to people in them. */
const PROMISED = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 16, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29, 31, 34, 45, 46, 47, 48, 49, 50,
  52, 59, 60, 61, 62, 63, 64, 65, 67, 68, 69,
]
const WIDEST_NAME = 64
const WIDEST_FIGURE = 90

const folder = process.argv[2]
if (folder === undefined) throw new Error('print-matrix.ts: no folder was given')
const lines = readdirSync(folder)
  .filter(name => name.endsWith('.jsonl'))
  .flatMap(name => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
  .filter(text => text !== '')
  .map(text => JSON.parse(text) as Line)

const missing = PROMISED.filter(number => !lines.some(line => line.row === String(number)))
const rows = lines
  .map(line => ({
    key: line.row === '' ? Infinity : Number(line.row),
    cells: [line.row, line.name, line.injected, String(line.trials), line.figure, line.pass ? 'pass' : 'FAIL'],
  }))
  .sort((a, b) => a.key - b.key)

const head = ['row', 'what happens', 'injected', 'trials', 'figure', '']
const widest = [4, WIDEST_NAME, 34, 7, WIDEST_FIGURE, 5]
const table = [head, ...rows.map(({ cells }) => cells)]
const widths = head.map((_, column) =>
  Math.min(widest[column]!, Math.max(...table.map(cells => cells[column]!.length))),
)
for (const cells of table) for (const line of wrapped(cells)) console.log(line)
console.log(
  `\n${lines.filter(line => line.pass).length} of ${lines.length} passed${missing.length === 0 ? '' : `; rows that were not run: ${missing.join(', ')}`}`,
)
const [, , , asked] = process.argv
if ((missing.length > 0 && asked !== 'some') || lines.length === 0 || lines.some(line => !line.pass))
  process.exitCode = 1

/** A row of the table as lines of text: long cells continue below. */
function wrapped(cells: readonly string[]): string[] {
  const parts = cells.map((cell, column) => folded(cell, widths[column]!))
  const height = Math.max(...parts.map(part => part.length))
  return Array.from({ length: height }, (_, line) =>
    parts
      .map((part, column) => (part[line] ?? '').padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}

function folded(text: string, width: number): string[] {
  const parts = ['']
  for (const word of text.split(' ')) {
    const last = parts[parts.length - 1]!
    if (last === '') parts[parts.length - 1] = word
    else if (last.length + 1 + word.length <= width) parts[parts.length - 1] = `${last} ${word}`
    else parts.push(word)
  }
  return parts
}
