/**
 * The encoding of a list: named by its byte order mark, or found by reading the whole file once (100 MB in a fifth of a
 * second). Spreadsheets on Windows write the code page of the machine. Used by import.ts.
 */
import { isAscii } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { InputError } from '../base/errors.ts'
import { markedEncoding } from './csv.ts'

/** UTF-16 of Latin text has a NUL in every second place. */
const NULS = 0.3

/**
 * A name that TextDecoder knows, and the size in bytes (null: not a file on a disk, such as a pipe, which is read only
 * once).
 *
 * @throws the error of the file system
 */
export async function listEncoding(file: string): Promise<{ encoding: string | null; bytes: number | null }> {
  const about = await stat(file)
  if (!about.isFile()) return { encoding: null, bytes: null }
  return { encoding: await found(file), bytes: about.size }
}

/** A name of an encoding that somebody gives. @throws InputError (BAD_INPUT) for one that is not known */
export function namedEncoding(text: string): string {
  try {
    return new TextDecoder(text.trim()).encoding
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const known = 'utf-8, utf-16le, windows-1252, windows-1250, windows-1251, gb18030, big5, shift_jis, euc-kr'
    throw new InputError(`'${text}' is no encoding; allowed: ${known} and others of the WHATWG list`)
  }
}

async function found(file: string): Promise<string> {
  const decoder = new TextDecoder('utf-8')
  let first = true
  let [good, bad] = [0, 0]
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    if (first) {
      const sure = markedEncoding(chunk) ?? withoutMark16(chunk)
      if (sure !== null) return sure
      first = false
    }
    if (isAscii(chunk)) continue
    for (const character of decoder.decode(chunk, { stream: true }).match(/[^\0-\x7f]/gu) ?? [])
      if (character === '\ufffd') bad += 1
      else good += 1
  }
  // text of windows-1252 almost never has two letters in a row that are one of UTF-8; a damaged cell stays alone
  return bad > good ? 'windows-1252' : 'utf-8'
}

function withoutMark16(start: Buffer): string | null {
  const some = start.subarray(0, 2_000)
  const nuls = [0, 1].map(parity => some.filter((byte, at) => byte === 0 && at % 2 === parity).length)
  const enough = some.length * NULS
  if (nuls[1]! > enough && nuls[0]! < enough / 4) return 'utf-16le'
  return nuls[0]! > enough && nuls[1]! < enough / 4 ? 'utf-16be' : null
}
