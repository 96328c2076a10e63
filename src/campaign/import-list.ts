/**
 * One list while it is imported: finds the columns, turns each line into a row of the staging table, and writes the
 * lines that cannot be used to the reject file. Used by import.ts.
 */
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { once } from 'node:events'
import type { Country } from '../base/country.ts'
import { InputError } from '../base/errors.ts'
import { leadNumber, NumberFault } from '../esl/phone-number.ts'
import { csvCell, delimiterOf, readCsv, withoutMark, type CsvRecord } from './csv.ts'
import { RESULT_COLUMNS } from './lead-csv.ts'
import { callingColumns } from './list-lead.ts'
import { phoneColumn, SOME_NAMES } from './phone-columns.ts'

export interface ListOptions {
  readonly file: string
  /** A name that TextDecoder knows; null: UTF-8, or as the byte order mark says. */
  readonly encoding: string | null
  /** The encoding was found, not given. */
  readonly guessed: boolean
  /** Of numbers without a country code. */
  readonly country: Country | null
  /** The name of the column with the number. Default: phone-columns.ts. */
  readonly column?: string | undefined
  /** Columns with further numbers of a lead, in the order in which they are called. */
  readonly otherNumbers: readonly string[]
  /** Default: `<file>.rejected.csv`. */
  readonly rejectFile?: string | undefined
  /** Hears how many bytes of the file were read so far. */
  readonly progress: (bytes: number) => void
}

export interface ImportFault {
  readonly file: string
  readonly line: number
  /** Null: the line as a whole. */
  readonly column: string | null
  readonly value: string
  readonly allowed: string
}

interface Header {
  readonly names: readonly string[]
  readonly phone: number
  /** The columns that become fields of the lead: index and name. */
  readonly fields: readonly (readonly [index: number, name: string])[]
  /** The column of a reject file that was corrected, -1: there is none. It is not kept. */
  readonly reason: number
}

const SHOWN_FAULTS = 10
const REASON = 'reason'
/** As #reject writes it. */
const OUR_REASON = /^line \d+(, |: )/

export class ImportList {
  read = 0
  rejected = 0
  readonly faults: ImportFault[] = []
  readonly #options: ListOptions
  /** Where the rejected lines go. */
  readonly path: string
  #header: Header | null = null
  #first: CsvRecord | null = null
  #rejects: WriteStream | null = null

  constructor(options: ListOptions) {
    this.#options = options
    this.path = options.rejectFile ?? `${options.file}.rejected.csv`
  }

  get rejectFile(): string | null {
    return this.#rejects ? this.path : null
  }

  /** The lines in the format of COPY. */
  async *copyLines(): AsyncGenerator<string, void, undefined> {
    const { file, encoding, progress } = this.#options
    const bytes = createReadStream(file, { highWaterMark: 1 << 18 })
    for await (const records of readCsv(bytes, encoding ?? undefined)) {
      let lines = ''
      for (const record of records) {
        if (!this.#first) this.#first = record
        else {
          const line = this.#copyLine((this.#header ??= this.#begin(this.#first, record)), record)
          lines += typeof line === 'string' ? line : await line
        }
      }
      progress(bytes.bytesRead)
      if (lines !== '') yield lines
    }
    if (!this.#first) throw new InputError(`${file} is empty; the first line must name the columns`)
    this.#header ??= this.#begin(this.#first, null)
  }

  /** Throws InputError. */
  mustHaveUsableLines(faultText: (fault: ImportFault) => string): void {
    if (this.read > this.rejected) return
    const faults = this.faults.map(fault => `\n  - ${faultText(fault)}`).join('')
    throw new InputError(
      `no line of ${this.#options.file} could be used${this.read === 0 ? ': it has a first line only' : `:${faults}`}`,
    )
  }

  async close(): Promise<this> {
    if (this.#rejects && !this.#rejects.closed) {
      this.#rejects.end()
      await once(this.#rejects, 'close')
    }
    return this
  }

  /** Reads the first line. `next`: the line behind it, null: there is none. */
  #begin({ cells: names, fault }: CsvRecord, next: CsvRecord | null): Header {
    const { file, column } = this.#options
    if (!names) throw new InputError(`${file}, line 1: ${fault}`)
    const phone = phoneColumn(names, column)
    const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index)
    if (twice !== undefined)
      throw new InputError(`${file}: two columns are called '${twice}'; column names must be unique`)
    if (phone < 0) throw new InputError(this.#noColumn(names))
    const last = names.length - 1
    const isOurs = names[last]?.startsWith(REASON) && OUR_REASON.test(next?.cells?.[last] ?? '')
    const reason = isOurs && last !== phone ? last : -1
    const fields = names.flatMap((name, index) =>
      index === phone || index === reason || name === '' || (RESULT_COLUMNS as readonly string[]).includes(name)
        ? []
        : [[index, name] as const],
    )
    return { names, phone, fields, reason }
  }

  #noColumn(names: readonly string[]): string {
    const { file, column, encoding, guessed } = this.#options
    const expected = column === undefined ? `a name such as ${SOME_NAMES}, or name the column` : `'${column}'`
    const read =
      guessed && encoding !== 'utf-8' && encoding !== null
        ? ` (read as ${encoding}, because it is not UTF-8; name its encoding when this is wrong)`
        : ''
    return `${file}: no column holds the number. The first line is: ${names.join(', ').slice(0, 200)}${read}. Expected: ${expected}`
  }

  /** A promise for a line that is rejected. */
  #copyLine({ names, phone, fields }: Header, record: CsvRecord): string | Promise<''> {
    this.read += 1
    const { line, cells } = record
    if (!cells) return this.#reject(record, null, record.raw, record.fault!)
    // empty cells at the end are often left out, or written without a name
    if (cells.length > names.length && cells.slice(names.length).some(cell => cell !== ''))
      return this.#reject(
        record,
        null,
        record.raw,
        `the first line names ${names.length} columns, this one has ${cells.length}`,
      )
    if (cells.length <= phone)
      return this.#reject(
        record,
        null,
        record.raw,
        `the first line names ${names.length} columns, this one has ${cells.length} and ends before '${names[phone]}'`,
      )
    const spoilt = cells.findIndex(cell => cell.includes('\0') || cell.includes('\ufffd'))
    if (spoilt >= 0) {
      const { encoding } = this.#options
      const text = `text in ${encoding === null || encoding === 'utf-8' ? 'UTF-8' : encoding} without NUL bytes`
      return this.#reject(record, names[spoilt]!, cells[spoilt]!, text)
    }
    try {
      const number = leadNumber(cells[phone]!, this.#options.country)
      const own = Object.create(null) as Record<string, string> // a column may be called __proto__
      for (const [index, name] of fields) own[name] = withoutMark(cells[index] ?? '')
      const { otherNumbers: columns, country } = this.#options
      const { place, priority, otherNumbers } = callingColumns(number, own, columns, country)
      // JSON has no raw tab or line end; COPY removes one backslash
      const json = (value: unknown) => JSON.stringify(value).replaceAll('\\', '\\\\')
      return `${line}\t${number}\t${json(own)}\t${place}\t${priority}\t${json(otherNumbers)}\n`
    } catch (error) {
      if (!(error instanceof NumberFault)) throw error
      return this.#reject(record, names[phone]!, cells[phone]!, error.allowed)
    }
  }

  async #reject(record: CsvRecord, column: string | null, value: string, allowed: string): Promise<''> {
    this.rejected += 1
    const { file } = this.#options
    if (this.faults.length < SHOWN_FAULTS)
      this.faults.push({ file, line: record.line, column, value: value.slice(0, 80), allowed })
    const { names, reason } = this.#header!
    const { delimiter, cells } = record
    if (!this.#rejects) {
      this.#rejects = createWriteStream(this.path)
      await once(this.#rejects, 'open')
      const kept = reason < 0 ? names : names.slice(0, -1)
      const head = [...kept.map(csvCell), kept.includes(REASON) ? `${REASON} for rejection` : REASON].join(delimiter)
      this.#rejects.write(delimiterOf(head) === delimiter ? `${head}\n` : `sep=${delimiter}\n${head}\n`)
    }
    const why = csvCell(`line ${record.line}${column === null ? '' : `, ${column}`}: ${allowed}`)
    const own = cells ? this.#asNamed(record, cells) : csvCell(record.raw)
    if (!this.#rejects.write(`${own}${delimiter}${why}\n`)) await once(this.#rejects, 'drain')
    return ''
  }

  /** The line as it stands in the file, with as many cells as there are columns: so the reason stands in its own. */
  #asNamed({ raw, delimiter }: CsvRecord, cells: readonly string[]): string {
    const { names, reason } = this.#header!
    const columns = reason < 0 ? names.length : names.length - 1
    if (cells.length <= columns) return raw + delimiter.repeat(columns - cells.length)
    const more = cells.slice(reason < 0 ? columns : columns + 1).some(cell => cell !== '')
    return more ? raw : cells.slice(0, columns).map(csvCell).join(delimiter)
  }
}
