/** Measures how long the writers of journals wait for a write, in the listener's own process. */
import type { CallStore, Owner, Taken } from '../../src/journal/call-store.ts'
import { Times, type Spread } from './figures.ts'

export interface Waits {
  /** Milliseconds from a request to its answer, in the order in which a call makes them. */
  readonly take: Spread
  readonly append: Spread
  /** The write of a flow's result, after its hang-up: its answer also names the owner of the call. */
  readonly last: Spread
  readonly end: Spread
  /** The number of entries in all appends, and their length. */
  readonly entries: number
  readonly characters: number
  /** Requests that were refused or not answered. */
  readonly failed: number
}

/**
 * A store that is timed: it costs one more callback for each request, about a microsecond, which counts as the
 * journal's.
 */
export class TimedCalls implements CallStore {
  readonly #calls: CallStore
  readonly #times = { take: new Times(), append: new Times(), last: new Times(), end: new Times() }
  #entries = 0
  #characters = 0
  #failed = 0

  constructor(calls: CallStore) {
    this.#calls = calls
  }

  /** The measurements since the last report. */
  report(): Waits {
    const { take, append, last, end } = this.#times
    const spreads = { take: take.spread(), append: append.spread(), last: last.spread(), end: end.spread() }
    const waits = { ...spreads, entries: this.#entries, characters: this.#characters, failed: this.#failed }
    for (const times of [take, append, last, end]) times.clear()
    this.#entries = this.#characters = this.#failed = 0
    return waits
  }

  take(uuid: string, node: string, begin: string): Promise<Taken> {
    const asked = performance.now()
    return this.#timed(asked, this.#times.take, this.#calls.take(uuid, node, begin))
  }

  append(uuid: string, owner: Owner, entries: readonly string[]): Promise<boolean> {
    const asked = performance.now()
    this.#entries += entries.length
    for (const entry of entries) this.#characters += entry.length
    const { append, last } = this.#times
    return this.#timed(
      asked,
      entries.at(-1)?.includes('"returned"') ? last : append,
      this.#calls.append(uuid, owner, entries),
    )
  }

  restart(uuid: string, owner: Owner, entries: readonly string[]): Promise<boolean> {
    return this.#calls.restart(uuid, owner, entries)
  }

  end(uuid: string, owner: Owner): Promise<boolean> {
    const asked = performance.now()
    return this.#timed(asked, this.#times.end, this.#calls.end(uuid, owner))
  }

  owner(uuid: string): Promise<Owner | null> {
    return this.#calls.owner(uuid)
  }

  ownersOf(uuids: readonly string[]): Promise<(Owner | null)[]> {
    return this.#calls.ownersOf(uuids)
  }

  all(): Promise<Map<string, Owner>> {
    return this.#calls.all()
  }

  read(uuid: string): Promise<readonly string[]> {
    return this.#calls.read(uuid)
  }

  #timed<T>(asked: number, times: Times, answer: Promise<T>): Promise<T> {
    answer.then(
      value => {
        if (value === false) this.#failed++
        else times.add(performance.now() - asked)
      },
      () => this.#failed++,
    )
    return answer
  }
}
