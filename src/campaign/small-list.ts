/**
 * Reads a CSV file of some columns by position, with or without a first line that names them: numbers that must not be
 * called, and holidays. A line that cannot be used is told, and does not affect the others.
 */
import { createReadStream } from 'node:fs'
import { InputError } from '../base/errors.ts'
import { readCsv } from './csv.ts'

interface ListFault {
  readonly line: number
  readonly value: string
  readonly why: string
}

export interface ListSummary {
  /** Lines that are not empty, without a first line that names the columns. */
  readonly read: number
  readonly rejected: number
  readonly firstFaults: readonly ListFault[]
}

const SHOWN_FAULTS = 10

/**
 * Calls `save` with portions of what `parse` makes of the lines. `parse` throws InputError for a line that cannot be
 * used; for the first line that is no fault, because it may name the columns.
 *
 * @throws InputError when the file cannot be read, or none of its lines can be used
 */
export async function readList<T>(
  file: string,
  parse: (cells: readonly string[]) => T,
  save: (portion: readonly T[]) => Promise<void>,
): Promise<ListSummary> {
  let [read, rejected] = [0, 0]
  const firstFaults: ListFault[] = []
  const reject = (line: number, value: string, why: string) => {
    rejected++
    if (firstFaults.length < SHOWN_FAULTS) firstFaults.push({ line, value: value.slice(0, 80), why })
  }
  try {
    for await (const records of readCsv(createReadStream(file))) {
      const portion: T[] = []
      for (const { line, cells, raw, fault } of records) {
        read++
        try {
          if (!cells) throw new InputError(fault ?? 'the line cannot be read')
          portion.push(parse(cells))
        } catch (error) {
          if (!(error instanceof InputError)) throw error
          if (line === 1 && cells) read--
          else reject(line, raw, error.message)
        }
      }
      if (portion.length > 0) await save(portion)
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (!['ENOENT', 'EACCES', 'EISDIR'].includes(code ?? '')) throw error
    throw new InputError(`${file} cannot be read: ${message}`, { cause: error })
  }
  if (read === rejected) {
    const why = firstFaults.map(fault => `\n  - line ${fault.line}: ${fault.why}`).join('')
    throw new InputError(`no line of ${file} could be used${why}`)
  }
  return { read, rejected, firstFaults }
}
