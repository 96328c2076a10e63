/**
 * Imports leads from a CSV file into a campaign: COPY into a staging table, then inserts that skip known numbers and
 * opted-out ones. Memory does not grow with the list. A line that cannot be used does not affect other lines: it goes
 * to a reject file with the reason, and the summary has the first faults.
 */
import { pipeline } from 'node:stream/promises'
import type { Country } from '../base/country.ts'
import { InputError } from '../base/errors.ts'
import { putCampaign, type CampaignSettings } from '../store/campaigns.ts'
import { addStaged, openStaging } from '../store/staged-leads.ts'
import type { Sql } from '../store/sql.ts'
import { ImportList, type ImportFault } from './import-list.ts'
import { listEncoding } from './list-encoding.ts'
import { readNumbersAgain } from './read-again.ts'

/** How far an import is. */
export interface ImportProgress {
  readonly phase: 'reading' | 'adding'
  /** Bytes of the file, or lines to add. `all` is null when it is not known. */
  readonly done: number
  readonly all: number | null
}

export interface ImportOptions {
  readonly sql: Sql
  /** The campaign's id, or the settings of a new campaign, which is created in the same transaction. */
  readonly campaign: string | CampaignSettings
  readonly file: string
  /** Of numbers without a country code; null: not known. */
  readonly country?: Country | null | undefined
  /** The name of the column with the number. Default: the first column with a name of phone-columns.ts. */
  readonly column?: string | undefined
  /** As TextDecoder names it. Default: found by reading the file (list-encoding.ts). */
  readonly encoding?: string | undefined
  /** Default: `<file>.rejected.csv`. Written only when a line is rejected. */
  readonly rejectFile?: string | undefined
  /** Milliseconds since the epoch: the leads may be called from then on. */
  readonly now: number
  readonly progress?: ((progress: ImportProgress) => void) | undefined
  /** Columns with further numbers of a lead, in the order in which they are called. */
  readonly otherNumbers?: readonly string[]
  /** The leads are called in a random order, not in that of the list. */
  readonly shuffled?: boolean
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
  /** As which the file was read. */
  readonly encoding: string
  readonly firstFaults: readonly ImportFault[]
}

/** 'line 2, phone: 'nobody' cannot be used; allowed: …' */
export const faultText = ({ line, column, value, allowed }: ImportFault): string =>
  `line ${line}${column === null ? '' : `, ${column}`}: '${value}' cannot be used; allowed: ${allowed}`

/**
 * Rejects with InputError when the file cannot be read, when its header or none of its lines can be used; then nothing
 * has been added or created.
 */
export async function importLeads(options: ImportOptions): Promise<ImportSummary> {
  const { sql, campaign, file, now, country = null, progress = () => {} } = options
  const { otherNumbers = [], shuffled = false } = options
  let list: ImportList | null = null
  try {
    const { encoding, bytes } = await listEncoding(file)
    list = new ImportList({
      ...{ file, country, column: options.column, rejectFile: options.rejectFile, otherNumbers },
      encoding: options.encoding ?? encoding,
      guessed: options.encoding === undefined,
      progress: done => progress({ phase: 'reading', done, all: bytes }),
    })
    const reader = list
    const { added, optedOut } = await sql.begin(
      async tx => {
        const id = typeof campaign === 'string' ? campaign : (await putCampaign(tx, campaign)).id
        await pipeline(() => reader.copyLines(), await openStaging(tx))
        reader.mustHaveUsableLines(faultText)
        if (country !== null) await readNumbersAgain(tx, id, country, now)
        return addStaged(tx, id, now, { shuffled, progress: (done, all) => progress({ phase: 'adding', done, all }) })
      },
      { alone: true },
    )
    const { read, rejected, rejectFile, faults } = await list.close()
    return {
      ...{ read, added, optedOut, rejected, rejectFile },
      duplicates: read - rejected - optedOut - added,
      encoding: options.encoding ?? encoding ?? 'utf-8',
      firstFaults: faults,
    }
  } catch (error) {
    await list?.close()
    const { code, message, path } = error as NodeJS.ErrnoException
    if (!['ENOENT', 'EACCES', 'EISDIR', 'EROFS', 'ENOTDIR'].includes(code ?? '')) throw error
    const rejects = path === list?.path && list?.path !== file
    throw new InputError(`${rejects ? `${list?.path} cannot be written` : `${file} cannot be read`}: ${message}`, {
      cause: error,
    })
  }
}
