/**
 * Conversations with a real FreeSWITCH 1.10.12, recorded octet by octet: test/captures/*.jsonl, one JSON object for
 * each line.
 */
import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = new URL('../captures/', import.meta.url)

export interface Said {
  /** Milliseconds since the connection. */
  readonly ms: number
  readonly dir: 'fs' | 'app' | 'closed' | 'note'
  readonly bytes?: string
}

export const captureNames = (): string[] =>
  readdirSync(FOLDER)
    .filter(name => name.endsWith('.jsonl'))
    .sort()

export const readCapture = (name: string): Said[] =>
  readFileSync(new URL(name, FOLDER), 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Said)

/** Everything that FreeSWITCH sent in one capture. */
export const octetsOf = (name: string): Buffer =>
  Buffer.concat(
    readCapture(name)
      .filter(said => said.dir === 'fs')
      .map(said => Buffer.from(said.bytes ?? '', 'utf8')),
  )
