/** Writes the leads of a campaign to a CSV file, a page at a time: memory does not grow with the list. */
import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { InputError } from '../base/errors.ts'
import { countLeads, fieldNames, leadsOf } from '../store/leads.ts'
import type { Sql } from '../store/sql.ts'
import { csvHead, csvLine, RESULT_COLUMNS } from './lead-csv.ts'

const PAGE = 5_000
/** Excel reads a file without it in the code page of the machine. */
const BYTE_ORDER_MARK = '\ufeff'

export interface ExportOptions {
  readonly sql: Sql
  /** The campaign's id. */
  readonly campaign: string
  readonly file: string
  /** False: a file of that name is an error. */
  readonly overwrite: boolean
  readonly progress?: ((progress: { phase: 'writing'; done: number; all: number }) => void) | undefined
}

/**
 * Resolves with the number of leads. The file has its name only when it is whole. Leads that are called meanwhile are
 * written as they are when their page is read.
 *
 * @throws InputError (BAD_INPUT) when the file cannot be written, or exists
 */
export async function exportLeads({ sql, campaign, file, overwrite, progress }: ExportOptions): Promise<number> {
  const known = await stat(file).catch(mustBeMissing)
  if (known?.isFile() && !overwrite)
    throw new InputError(`${file} exists; give another name, or --overwrite when it may be replaced`)
  const isSpecial = known !== null && !known.isFile() // a pipe or a device
  const part = isSpecial ? file : `${file}.part`
  let written = 0
  async function* lines(): AsyncGenerator<string, void, undefined> {
    const all = Object.values(await countLeads(sql, campaign)).reduce((sum, n) => sum + n, 0)
    const fields = await sql.begin(tx => fieldNames(tx, campaign), { alone: true })
    const columns = { fields, result: RESULT_COLUMNS }
    yield BYTE_ORDER_MARK + csvHead(columns)
    for (let after = 0; ;) {
      const page = await leadsOf(sql, campaign, PAGE, after)
      written += page.length
      if (page.length > 0) yield page.map(lead => csvLine(lead, columns)).join('')
      progress?.({ phase: 'writing', done: written, all })
      if (page.length < PAGE) return
      after = page.at(-1)!.id
    }
  }
  try {
    await pipeline(lines, createWriteStream(part))
    if (!isSpecial) await rename(part, file)
  } catch (error) {
    if (!isSpecial) await rm(part, { force: true })
    const { code, syscall, message } = error as NodeJS.ErrnoException
    if (syscall === undefined || !['ENOENT', 'EACCES', 'EISDIR', 'EROFS', 'ENOTDIR', 'ENOSPC'].includes(code ?? ''))
      throw error
    throw new InputError(`${file} cannot be written: ${message}`, { cause: error })
  }
  return written
}

function mustBeMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw new InputError(`the file cannot be written: ${error.message}`, { cause: error })
}
