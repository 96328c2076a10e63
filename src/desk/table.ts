/** Tables of aligned columns, for people; programs use --json. Used by desk/cli. */
import { visible } from '../base/visible.ts'
import { paint, type Tone } from './terminal.ts'

export type Cell = string | number | { readonly text: string; readonly tone: Tone }

/** Aligns a column to the right when its title begins with '>'. The last column is not padded. */
export function table(titles: readonly string[], rows: readonly (readonly Cell[])[], colour = false): string {
  const right = titles.map(title => title.startsWith('>'))
  const head = titles.map((title): Cell => ({ text: title.replace(/^>/, '').toUpperCase(), tone: 'dim' }))
  const lines = [head, ...rows].map(row => row.map(cell))
  const widths = titles.map((_, column) => Math.max(...lines.map(line => width(line[column]?.text ?? ''))))
  const lay = (line: readonly Flat[]) =>
    line.map(({ text, tone }, column) => {
      const room = ' '.repeat(widths[column]! - width(text))
      const last = column === line.length - 1
      return right[column] ? room + paint(text, tone, colour) : paint(text, tone, colour) + (last ? '' : room)
    })
  return lines.map(line => `${lay(line).join('  ')}\n`).join('')
}

/** Two columns without titles: names and values. */
export function pairs(rows: readonly (readonly [name: string, value: Cell])[], colour = false): string {
  const widest = Math.max(0, ...rows.map(([name]) => width(name)))
  return rows
    .map(([name, value]) => {
      const { text, tone } = cell(value)
      return `${paint(name.padEnd(widest), 'dim', colour)}  ${paint(text, tone, colour)}\n`
    })
    .join('')
}

interface Flat {
  readonly text: string
  readonly tone: Tone | undefined
}

function cell(value: Cell): Flat {
  if (typeof value === 'object') return { text: visible(value.text), tone: value.tone }
  return { text: visible(String(value)), tone: undefined }
}

const width = (text: string): number => [...text].length
