/**
 * Imports leads from a CSV file into a campaign: COPY into a staging table, then one insert that skips known numbers
 * and opted-out ones. Memory does not grow with the list. A line that cannot be used does not affect other lines: it
 * goes to a reject file with the reason, and the summary has the first faults.
 */
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { InputError } from '../base/errors.ts'
import { phoneNumber } from '../esl/phone-number.ts'
import { putCampaign, type CampaignSettings } from '../store/campaigns.ts'
import { addStaged, openStaging } from '../store/leads.ts'
import type { Sql } from '../store/sql.ts'
import { csvCell, delimiterOf, readCsv, type CsvRecord } from './csv.ts'

/** Usual names of the column with the number, in lower case and without spaces, _ and -. */
const PHONE_COLUMNS = [
  'phone',
  'phonenumber',
  'number',
  'tel',
  'telephone',
  'mobile',
  'cell',
  'customernumber',
  'telefon',
  'msisdn',
] as const

export interface ImportOptions {
  readonly sql: Sql
  /** The campaign's id, or the settings of a new campaign, which is created in the same transaction. */
  readonly campaign: string | CampaignSettings
  readonly file: string
  /** The name of the column with the number. Default: the first column with a name of PHONE_COLUMNS. */
  readonly column?: string | undefined
  /** Default: `<file>.rejected.csv`. Written only when a line is rejected. */
  readonly rejectFile?: string | undefined
  /** Milliseconds since the epoch: the leads may be called from then on. */
  readonly now: number
}

interface ImportFault {
  readonly file: string
  readonly line: number
  /** Null: the line as a whole. */
  readonly column: string | null
  readonly value: string
  readonly allowed: string
}

export interface ImportSummary {
  /** Lines that are not empty, without the header: read = added + duplicates + optedOut + rejected. */
  readonly read: number
  readonly added: number
  /** Numbers that the campaign has already, or that the file has on an earlier line. */
  readonly duplicates: number
  readonly optedOut: number
  readonly rejected: number
  readonly rejectFile: string | null
  readonly firstFaults: readonly ImportFault[]
}

const SHOWN_FAULTS = 10

/** 'line 2, phone: 'nobody' cannot be used; allowed: …' */
export const faultText = ({ line, column, value, allowed }: ImportFault): string =>
  `line ${line}${column === null ? '' : `, ${column}`}: '${value}' cannot be used; allowed: ${allowed}`

/**
 * Rejects with InputError when the file cannot be read, when its header or none of its lines can be used; then nothing
 * has been added or created.
 */
export async function importLeads(options: ImportOptions): Promise<ImportSummary> {
  const { sql, campaign, file, now } = options
  const list = new List(options)
  try {
    const { added, optedOut } = await sql.begin(
      async tx => {
        const id = typeof campaign === 'string' ? campaign : (await putCampaign(tx, campaign)).id
        await pipeline(() => list.copyLines(), await openStaging(tx))
        list.mustHaveUsableLines()
        return addStaged(tx, id, now)
      },
      { alone: true },
    )
    const { read, rejected, rejectFile, faults } = await list.close()
    return {
      read,
      added,
      optedOut,
      duplicates: read - rejected - optedOut - added,
      rejected,
      rejectFile,
      firstFaults: faults,
    }
  } catch (error) {
    await list.close()
    const { code, message } = error as NodeJS.ErrnoException
    if (!['ENOENT', 'EACCES', 'EISDIR', 'EROFS'].includes(code ?? '')) throw error
    const rejects = (error as NodeJS.ErrnoException).path === list.path && list.path !== file
    throw new InputError(`${rejects ? `${list.path} cannot be written` : `${file} cannot be read`}: ${message}`, {
      cause: error,
    })
  }
}

interface Header {
  readonly names: readonly string[]
  readonly phone: number
}

class List {
  read = 0
  rejected = 0
  readonly faults: ImportFault[] = []
  readonly #options: ImportOptions
  /** Where the rejected lines go. */
  readonly path: string
  #header: Header | null = null
  #delimiter = ','
  #rejects: WriteStream | null = null

  constructor(options: ImportOptions) {
    this.#options = options
    this.path = options.rejectFile ?? `${options.file}.rejected.csv`
  }

  get rejectFile(): string | null {
    return this.#rejects ? this.path : null
  }

  /** The lines in the format of COPY. */
  async *copyLines(): AsyncGenerator<string, void, undefined> {
    for await (const records of readCsv(createReadStream(this.#options.file))) {
      let lines = ''
      for (const record of records)
        lines += this.#header ? await this.#copyLine(this.#header, record) : this.#begin(record)
      if (lines !== '') yield lines
    }
    if (!this.#header) throw new InputError(`${this.#options.file} is empty; the first line must name the columns`)
  }

  /** Throws InputError. */
  mustHaveUsableLines(): void {
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

  #begin({ raw, cells, fault }: CsvRecord): '' {
    const { file, column } = this.#options
    if (!cells) throw new InputError(`${file}, line 1: ${fault}`)
    const plain = (name: string) => name.toLowerCase().replace(/[\s_-]/g, '')
    const wanted: readonly string[] = column === undefined ? PHONE_COLUMNS : [plain(column)]
    const phone = cells.findIndex(name => wanted.includes(plain(name)))
    const twice = cells.find((name, index) => name !== '' && cells.indexOf(name) !== index)
    if (twice !== undefined)
      throw new InputError(`${file}: two columns are called '${twice}'; column names must be unique`)
    if (phone < 0) {
      const expected = column === undefined ? `one of ${PHONE_COLUMNS.join(', ')}, or name the column` : `'${column}'`
      const found = cells.join(', ').slice(0, 200)
      throw new InputError(`${file}: no column holds the number. The first line is: ${found}. Expected: ${expected}`)
    }
    this.#header = { names: cells, phone }
    this.#delimiter = delimiterOf(raw)
    return ''
  }

  async #copyLine({ names, phone }: Header, record: CsvRecord): Promise<string> {
    this.read += 1
    const { line, cells } = record
    if (!cells) return this.#reject(record, null, record.raw, record.fault!)
    if (cells.length !== names.length) {
      return this.#reject(
        record,
        null,
        record.raw,
        `the first line names ${names.length} columns, this one has ${cells.length}`,
      )
    }
    const spoilt = cells.findIndex(cell => cell.includes('\0') || cell.includes('\ufffd'))
    if (spoilt >= 0) return this.#reject(record, names[spoilt]!, cells[spoilt]!, 'text in UTF-8 without NUL bytes')
    try {
      const number = phoneNumber(cells[phone]!)
      const others = names.flatMap((name, index) =>
        index === phone || name === '' ? [] : [[name, cells[index]!] as const],
      )
      const fields = JSON.stringify(Object.fromEntries(others))
      // JSON has no raw tab or line end; COPY removes one backslash
      return `${line}\t${number}\t${fields.replaceAll('\\', '\\\\')}\n`
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      return this.#reject(
        record,
        names[phone]!,
        cells[phone]!,
        'a number to dial: 2 to 20 digits, optionally with a + before them',
      )
    }
  }

  async #reject(record: CsvRecord, column: string | null, value: string, allowed: string): Promise<''> {
    this.rejected += 1
    const { file } = this.#options
    if (this.faults.length < SHOWN_FAULTS)
      this.faults.push({ file, line: record.line, column, value: value.slice(0, 80), allowed })
    if (!this.#rejects) {
      const { names } = this.#header!
      this.#rejects = createWriteStream(this.path)
      await once(this.#rejects, 'open')
      this.#rejects.write([...names.map(csvCell), 'reason\n'].join(this.#delimiter))
    }
    const reason = csvCell(`line ${record.line}${column === null ? '' : `, ${column}`}: ${allowed}`)
    const own = record.cells ? record.raw : csvCell(record.raw)
    if (!this.#rejects.write(`${own}${this.#delimiter}${reason}\n`)) await once(this.#rejects, 'drain')
    return ''
  }
}
