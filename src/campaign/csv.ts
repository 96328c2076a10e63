/**
 * Reads CSV lists as people send them, line by line and in constant memory: commas, semicolons or tabs, quotes with
 * line ends in them, a byte order mark, UTF-8 or Excel's UTF-16. A fault rejects only its own line. csv-parse (7.0.3),
 * set to skip bad records, also drops the good line after an unmatched quote and everything after a quote that is never
 * closed, and miscounts the lines. Used by import.ts.
 */
import { TextDecoder } from 'node:util'

export interface CsvRecord {
  /** The line on which it begins, from 1. */
  readonly line: number
  /** The text in the file, without its line end. */
  readonly raw: string
  /** Between the cells of this list. */
  readonly delimiter: string
  /** Null when it cannot be parsed; `fault` has the reason. */
  readonly cells: readonly string[] | null
  readonly fault?: string
}

/** A quoted cell may span so many lines and characters; beyond that its quote counts as a fault. */
const LONGEST = { lines: 100, characters: 65_536 } as const
const DELIMITERS = [',', ';', '\t', '|'] as const

interface Line {
  readonly number: number
  readonly text: string
  readonly end: string
}

/** The line with which a spreadsheet names the separator of its list: it is no header. */
const NAMED_DELIMITER = /^ *"?sep=([^"\w ])"?\s*$/i

/**
 * Yields records in batches, without empty lines; the first record is the header. `encoding`: a name that TextDecoder
 * knows (list-encoding.ts finds it). Rejects only as `bytes` rejects.
 */
export async function* readCsv(
  bytes: AsyncIterable<Uint8Array>,
  encoding?: string,
): AsyncGenerator<CsvRecord[], void, undefined> {
  const reader = new Records()
  let decoder: TextDecoder | undefined
  for await (const chunk of bytes) {
    decoder ??= new TextDecoder(encoding ?? markedEncoding(chunk) ?? 'utf-8') // removes the byte order mark, writes U+FFFD for invalid bytes
    yield reader.take(decoder.decode(chunk, { stream: true }), false)
  }
  yield reader.take(decoder?.decode() ?? '', true)
}

/** The encoding that a byte order mark names. */
export function markedEncoding(start: Uint8Array): string | null {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le'
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be'
  return start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf ? 'utf-8' : null
}

class Records {
  #rest = ''
  #lines = 0
  #pending: Line[] = []
  #delimiter: string | null = null
  #columns = 0

  take(text: string, last: boolean): CsvRecord[] {
    const records: CsvRecord[] = []
    const whole = this.#rest + text
    const ends = /\r\n|\n|\r/g
    let from = 0
    for (let end = ends.exec(whole); end; end = ends.exec(whole)) {
      if (!last && end[0] === '\r' && ends.lastIndex === whole.length) break // its \n may be in the next chunk
      this.#line(whole.slice(from, end.index), end[0], records)
      from = ends.lastIndex
    }
    this.#rest = whole.slice(from)
    // a line without an end would grow for ever: it is cut, and becomes a fault of its own
    if (this.#rest.length > LONGEST.characters || (last && this.#rest !== '')) {
      this.#line(this.#rest, '', records)
      this.#rest = ''
    }
    if (last) this.#drain(records, true)
    return records
  }

  #line(text: string, end: string, records: CsvRecord[]): void {
    this.#lines += 1
    this.#pending.push({ number: this.#lines, text, end })
    this.#drain(records, false)
  }

  #drain(records: CsvRecord[], last: boolean): void {
    while (this.#pending.length > 0) {
      const used = this.#next(records, last)
      if (used === 0) return
      this.#pending.splice(0, used)
    }
  }

  /** Returns how many lines it consumed, 0 when it needs more of them. */
  #next(records: CsvRecord[], last: boolean): number {
    const { number: line, text: raw, end } = this.#pending[0]!
    if (raw.trim() === '') return 1
    const named = line === 1 ? NAMED_DELIMITER.exec(raw)?.[1] : undefined
    if (named !== undefined) {
      this.#delimiter = named
      return 1
    }
    const delimiter = (this.#delimiter ??= delimiterOf(raw))
    const cells = split(raw, delimiter)
    if (typeof cells !== 'string') {
      this.#columns ||= cells.length
      if (cells.some(cell => cell !== '')) records.push({ line, raw, delimiter, cells })
      return 1
    }
    if (cells === 'bad')
      return this.#refuse(records, 'text follows a closing quote; a quote within quotes must be written twice')
    let whole = raw + end
    for (const [index, more] of this.#pending.entries()) {
      if (index === 0) continue
      whole += more.text
      const joined = split(whole, delimiter)
      // an unmatched quote may close at another one lines below: then the number of columns is wrong, and only this
      // line is at fault
      if (typeof joined !== 'string' && this.#fits(joined, whole.slice(raw.length))) {
        records.push({ line, raw: whole, delimiter, cells: joined })
        return index + 1
      }
      if (joined !== 'open') return this.#refuse(records, 'a quote is opened and not closed at the end of the columns')
      whole += more.end
    }
    const tooMuch = this.#pending.length > LONGEST.lines || whole.length > LONGEST.characters
    return last || tooMuch ? this.#refuse(records, 'a quote is opened and never closed') : 0
  }

  /** Empty cells at the end may be missing, or be too many. `more`: what the lines behind the first one have. */
  #fits(cells: readonly string[], more: string): boolean {
    if (cells.length < this.#columns) return !more.includes(this.#delimiter!)
    return cells.slice(this.#columns).every(cell => cell === '')
  }

  #refuse(records: CsvRecord[], fault: string): 1 {
    const { number: line, text: raw } = this.#pending[0]!
    records.push({ line, raw, delimiter: this.#delimiter!, cells: null, fault })
    return 1
  }
}

/** Where the quote of a quoted cell stands, after blanks; -1: the cell has none. */
function quoteAt(text: string, from: number, delimiter: string): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\u00a0' || (text[at] === '\t' && delimiter !== '\t')) at += 1
  return text[at] === '"' ? at : -1
}

/** The delimiter of a list: the one that the header has most of. */
export function delimiterOf(header: string): string {
  const count = (delimiter: string) => header.split(delimiter).length
  return DELIMITERS.reduce((best, one) => (count(one) > count(best) ? one : best))
}

/** The cells of a record; 'open' when it ends within quotes, 'bad' when something follows a closing quote. */
function split(text: string, delimiter: string): string[] | 'open' | 'bad' {
  if (!text.includes('"')) return text.split(delimiter).map(cell => cell.trim())
  const cells: string[] = []
  for (let at = 0; ;) {
    const quote = quoteAt(text, at, delimiter)
    if (quote < 0) {
      const end = text.indexOf(delimiter, at)
      cells.push(text.slice(at, end < 0 ? undefined : end).trim())
      if (end < 0) return cells
      at = end + 1
      continue
    }
    const start = quote + 1
    let close = text.indexOf('"', start)
    while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2)
    if (close < 0) return 'open'
    cells.push(text.slice(start, close).replaceAll('""', '"').trim())
    const rest = /^[^\S\t]*/.exec(text.slice(close + 1, close + 64))![0].length
    at = close + 1 + rest
    if (at >= text.length) return cells
    if (text[at] !== delimiter) return 'bad'
    at += 1
  }
}

/** A cell in CSV form, quoted where needed. */
export function csvCell(text: string): string {
  return /[",;\t|\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A spreadsheet takes such a text for a formula, and runs it. */
const FORMULA = /^[=+\-@\t\r]/
/** A number, also a telephone number with its +, calculates nothing. */
const HARMLESS = /^[+-]?[\d\s().,/-]*$/

/** A cell of which no spreadsheet makes a formula: a ' before it makes it a text. A list that is read loses the '. */
export const plainCell = (text: string): string =>
  csvCell(FORMULA.test(text) && !HARMLESS.test(text) ? `'${text}` : text)

/** The text of a cell without the ' of plainCell. */
export const withoutMark = (cell: string): string =>
  cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell
