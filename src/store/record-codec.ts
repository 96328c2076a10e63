/**
 * Reads and writes records that outlive a process: JSON with a version `v`, read through a schema. During an upgrade,
 * nodes of two versions share one Redis, so a record may be older or newer than this code:
 *
 *   older     each upgrade makes the next version of it, up to this one. A record without `v` has version 1.
 *   newer     this node cannot know what it means: it is unreadable, as is one that does not fit the schema.
 *
 * An unreadable record is reported once and skipped; it never stops the others, and it is never overwritten (its `rev`
 * is not known here). A field that the schema does not name is kept: a newer node of the same version may have added
 * it.
 */
import { z } from 'zod'
import { silentLog, type Log } from '../base/log.ts'

type Fields = Record<string, unknown>
/** Makes a record of the next version. */
type Upgrade = (record: Fields) => Fields

export interface CodecOptions {
  /** What such a record describes, for the log: 'agent'. */
  readonly what: string
  readonly schema: z.ZodType
  /** From version 1 to 2, from 2 to 3, … The version that is written is one more than their number. */
  readonly upgrades?: readonly Upgrade[]
}

/** So many unreadable records are reported one by one; a process that meets more has told enough. */
const MOST_REPORTED = 1_000

export class RecordCodec<T extends object> {
  readonly version: number
  readonly #options: CodecOptions
  readonly #reported = new Set<string>()

  constructor(options: CodecOptions) {
    this.#options = options
    this.version = (options.upgrades?.length ?? 0) + 1
  }

  write(value: T): string {
    return JSON.stringify(this.stamped(value))
  }

  /** The record as it is written, for a record within another one. */
  stamped(value: T): T & { readonly v: number } {
    return { v: this.version, ...value }
  }

  /** Null when it cannot be read: the log says why, once for each `key` (where it is stored). */
  read(text: string, key: string, log: Log = silentLog): T | null {
    return this.#readable(parsed(text), key, log)
  }

  /** As `read`, of a record within another one that has been parsed already. */
  readParsed(record: unknown, key: string, log: Log = silentLog): T | null {
    return this.#readable(record, key, log)
  }

  #readable(record: unknown, key: string, log: Log): T | null {
    const found = this.#understand(record)
    if (typeof found !== 'string') return found
    if (!this.#reported.has(key) && this.#reported.size < MOST_REPORTED) {
      this.#reported.add(key)
      const { what } = this.#options
      log.error({ what, key, why: found }, 'a stored record cannot be read by this version; it is skipped')
    }
    return null
  }

  /** The value, or why it cannot be read. */
  #understand(record: unknown): T | string {
    const any = Versioned.safeParse(record)
    if (!any.success) return 'it is not a JSON object with a version'
    const { v, ...fields } = any.data as Fields & { v: number }
    const { schema, upgrades = [] } = this.#options
    if (v > this.version) return `it has version ${v}, and this node reads up to version ${this.version}`
    const current = upgrades.slice(v - 1).reduce((older, upgrade) => upgrade(older), fields)
    const read = schema.safeParse(current)
    if (read.success) return read.data as T
    return z.prettifyError(read.error).replaceAll('\n', ' ').slice(0, 300)
  }
}

const Versioned = z.looseObject({ v: z.int().min(1).default(1) })

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
