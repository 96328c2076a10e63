/**
 * Replay after a takeover: the flow runs again from its start, each step gets its recorded result, in the recorded
 * order, and nothing is sent to FreeSWITCH. At the end, scopes that are still open (music, a place in a queue, a
 * recording) are opened again. Steps (steps.ts) uses it.
 *
 *   replaying  recorded results are handed out
 *   through    every recorded result was handed out; open scopes are opened again
 *   over       the flow continues for real (final)
 *   abandoned  the script has changed; nothing is opened again (final)
 */
import { sleep, type Clock, type Timer } from '../base/clock.ts'
import { CallEnded, CallMoved, NotFoundError } from '../base/errors.ts'
import { wordsOf, type Act, type Done, type Entry, type Intent } from './entries.ts'
import type { Journal } from './journal.ts'

/** When the flow waits only for steps without a record while records remain, for so long, the script has changed. */
const STUCK_MS = 1_000
/** The delay before the one retry when a scope could not be opened again. */
const REOPEN_MS = 500

export class Replay {
  /** Resolves when the flow is where it was before the takeover, and open scopes are open again. */
  readonly over: Promise<void>
  readonly #journal: Journal
  readonly #clock: Clock
  readonly #changed: (why: string) => void
  readonly #entries: readonly Entry[]
  readonly #done = new Map<string, Done>()
  readonly #intents = new Map<string, Intent>()
  readonly #called = new Map<string, (record: Done) => void>()
  readonly #listeners = new Map<string, (digit: string) => void>()
  readonly #reopen: (() => Promise<void>)[] = []
  #cursor = 0
  #pumping = false
  #isThrough = false
  #isOver = false
  #abandoned = false
  #stuck: Timer | null = null
  #finish!: () => void

  /** `entries`: the entries of one line of steps, in order. `changed` is called when the script differs from them. */
  constructor(journal: Journal, entries: readonly Entry[], changed: (why: string) => void) {
    this.#journal = journal
    this.#clock = journal.clock
    this.#entries = entries
    this.#changed = changed
    this.over = new Promise(resolve => (this.#finish = resolve))
    for (const entry of entries) {
      if (entry.k === 'done' && !this.#done.has(entry.n)) this.#done.set(entry.n, entry)
      if (entry.k === 'intent') this.#intents.set(entry.n, entry)
    }
    void this.#pump()
  }

  /** True when every recorded result was handed out: further steps run for the first time. */
  get isThrough(): boolean {
    return this.#isThrough
  }

  /** As `isThrough`, and open scopes are open again. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** True when the journal has a result for this step. A record of another verb means that the script has changed. */
  has(n: string, act: Act): boolean {
    const record = this.#done.get(n) ?? this.#intents.get(n)
    if (record && wordsOf(record) !== wordsOf(act))
      this.#changed(`step ${n} was "${wordsOf(record)}" and is now "${wordsOf(act)}"`)
    return this.#done.has(n)
  }

  /** The intent of a step: what it was about to do when its process died. */
  intent(n: string): Intent | undefined {
    return this.#intents.get(n)
  }

  /** Resolves with the recorded result in its turn; `relive` converts the record to the flow's value at that moment. */
  result<T>(n: string, relive: (record: Done) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#called.set(n, record => {
        try {
          resolve(relive(record))
        } catch (error) {
          reject(error as Error)
        }
      })
      void this.#pump()
    })
  }

  /**
   * Registers the `reopen` of a scope; it runs at the end of the replay, and does nothing when the scope was closed.
   */
  atEnd(reopen: () => Promise<void>): void {
    this.#reopen.push(reopen)
  }

  /** Delivers the recorded key presses of step `n` to `listener`, until the result is disposed. */
  keys(n: string, listener: (digit: string) => void): Disposable {
    this.#listeners.set(n, listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(n) }
  }

  /** The script has changed: nothing is opened again for this run. */
  abandon(): void {
    this.#abandoned = true
    this.#stuck?.cancel()
  }

  /** Called by a step that must run for real: resolves at the end of the replay. */
  async waitForEnd(): Promise<void> {
    this.#watchForStuck()
    await this.over
  }

  /**
   * Applies one entry after the other, each after the flow has reacted to the previous one and has called the entry's
   * step.
   */
  async #pump(): Promise<void> {
    if (this.#pumping || this.#isThrough) return
    this.#pumping = true
    for (let entry = this.#entries[this.#cursor]; entry; entry = this.#entries[++this.#cursor]) {
      if (entry.k === 'key') {
        await this.#settled() // the flow may register the listener as a reaction to the previous entry
        this.#journal.applyReplayed(entry)
        this.#listeners.get(entry.n)?.(entry.digit)
      } else if (entry.k === 'done' && this.#done.get(entry.n) === entry) {
        const called = this.#called.get(entry.n)
        if (!called) break
        // parallel branches react one after the other, as they did at first: the next result waits until all have
        // reacted
        if (this.#cursor > 0) await this.#settled()
        this.#called.delete(entry.n)
        this.#journal.applyReplayed(entry)
        called(entry)
        this.#stuck?.cancel()
      } else {
        this.#journal.applyReplayed(entry)
      }
    }
    this.#pumping = false
    if (this.#cursor >= this.#entries.length) await this.#end()
    else if (this.#called.size > 0 || this.#stuck) this.#watchForStuck()
  }

  #settled(): Promise<void> {
    return sleep(this.#clock, 0)
  }

  #watchForStuck(): void {
    if (this.#isThrough) return
    this.#stuck?.cancel()
    this.#stuck = this.#clock.after(STUCK_MS, () => {
      const next = this.#entries[this.#cursor]
      if (next?.k === 'done') this.#changed(`the flow no longer reaches step ${next.n} "${wordsOf(next)}"`)
    })
  }

  async #end(): Promise<void> {
    this.#isThrough = true
    this.#stuck?.cancel()
    for (const reopen of this.#reopen) {
      if (this.#abandoned) return
      const fault = await this.#open(reopen)
      if (fault) return this.#changed(`a scope could not be opened again: ${fault}`)
    }
    this.#isOver = true
    this.#finish()
  }

  /**
   * Opens a scope again, with one retry when the store fails. Returns the reason when it cannot be opened, else null.
   * Also null when the call has ended or moved meanwhile: the next step notices that.
   */
  async #open(reopen: () => Promise<void>, again = true): Promise<string | null> {
    try {
      await reopen()
      return null
    } catch (error) {
      if (error instanceof CallEnded || error instanceof CallMoved) return null
      if (!again || error instanceof NotFoundError) return (error as Error).message
      await sleep(this.#clock, REOPEN_MS)
      return this.#open(reopen, false)
    }
  }
}
