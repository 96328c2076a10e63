/**
 * The records of one hash in Redis, as they were read last: a record whose text is the same is not parsed and checked
 * again. A thousand agents took a node 100 ms, in which it served nobody. Used where all records are read often.
 */
import type { Log } from '../base/log.ts'
import type { RecordCodec } from './record-codec.ts'

export class RecordMemo<T extends object> {
  readonly #codec: RecordCodec<T>
  readonly #keyOf: (name: string) => string
  #known = new Map<string, { readonly text: string; readonly record: T | null }>()

  /** `keyOf`: what a record is called in the log, such as 'agent alice'. */
  constructor(codec: RecordCodec<T>, keyOf: (name: string) => string) {
    this.#codec = codec
    this.#keyOf = keyOf
  }

  /**
   * All records that can be read. `texts`: the whole hash; what is not in it is forgotten. The results are shared: do
   * not change them.
   */
  read(texts: Readonly<Record<string, string>>, log: Log): T[] {
    const before = this.#known
    this.#known = new Map()
    const records: T[] = []
    for (const [name, text] of Object.entries(texts)) {
      const last = before.get(name)
      const known = last?.text === text ? last : { text, record: this.#codec.read(text, this.#keyOf(name), log) }
      this.#known.set(name, known)
      if (known.record) records.push(known.record)
    }
    return records
  }
}
