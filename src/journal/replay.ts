/**
 * The part of a flow that has been lived through before: each step gets its recorded result, in the recorded order, and the switch is
 * not touched. Nouns that are still open at the end of it (music, a place, a recording) are opened again.
 */
import { sleep, type Clock, type Timer } from '../base/clock.ts'
import { CallEnded, CallMoved, NotFoundError } from '../base/errors.ts'
import type { Done, Entry, Intent } from './entries.ts'
import type { Journal } from './journal.ts'

/** The flow waits for nothing but steps that this journal does not have, and the journal goes on: so long, then the script has changed. */
const STUCK_MS = 1_000
/** A store that failed once is asked again after so long. */
const REOPEN_MS = 500

export class Replay {
  /** Resolves when the flow is where it was, and what was open is open again. */
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

  /** `entries` are those of one line of steps, in order. */
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

  /** Every recorded result has been given: what the flow does from here on it does for the first time. */
  get isThrough(): boolean {
    return this.#isThrough
  }

  /** Also what was open is open again. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Is there a result for this step? */
  has(n: string, verb: string): boolean {
    const record = this.#done.get(n) ?? this.#intents.get(n)
    if (record && record.v !== verb) this.#changed(`step ${n} was '${record.v}' and is '${verb}' now`)
    return this.#done.has(n)
  }

  /** What the step was about to do when its process died. */
  intent(n: string): Intent | undefined {
    return this.#intents.get(n)
  }

  /** The recorded result, in its turn; `relive` makes of it what the flow gets, in the moment in which its turn comes. */
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

  /** Something that was opened, and is opened again at the end unless it was closed by then. */
  atEnd(reopen: () => Promise<void>): void {
    this.#reopen.push(reopen)
  }

  /** Keys that the flow was told are told again. */
  keys(n: string, listener: (digit: string) => void): Disposable {
    this.#listeners.set(n, listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(n) }
  }

  /** The script has changed: nothing is opened for this run any more. */
  abandon(): void {
    this.#abandoned = true
    this.#stuck?.cancel()
  }

  /** A step that must run for real waits for the end. */
  async waitForEnd(): Promise<void> {
    this.#watchForStuck()
    await this.over
  }

  /** One entry after the other; each when the flow has reacted to the one before, and has called the step that the entry is of. */
  async #pump(): Promise<void> {
    if (this.#pumping || this.#isThrough) return
    this.#pumping = true
    for (let entry = this.#entries[this.#cursor]; entry; entry = this.#entries[++this.#cursor]) {
      if (entry.k === 'key') {
        await this.#settled() // the listener may be put up in reaction to the entry before
        this.#journal.applyReplayed(entry)
        this.#listeners.get(entry.n)?.(entry.digit)
      } else if (entry.k === 'done' && this.#done.get(entry.n) === entry) {
        const called = this.#called.get(entry.n)
        if (!called) break
        // branches that run side by side react one after the other, as they did: so nobody is given anything before all have reacted
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
      if (next?.k === 'done') this.#changed(`it does not come to step ${next.n} '${next.v}' any more`)
    })
  }

  async #end(): Promise<void> {
    this.#isThrough = true
    this.#stuck?.cancel()
    for (const reopen of this.#reopen) {
      if (this.#abandoned) return
      const fault = await this.#open(reopen)
      if (fault) return this.#changed(`something could not be opened again: ${fault}`)
    }
    this.#isOver = true
    this.#finish()
  }

  /** Once more when the store hesitates; what is wrong when it cannot be. A call that ends meanwhile needs it no more: its steps will find out. */
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
