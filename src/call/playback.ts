/**
 * What is played to one leg: one thing at a time. Music lasts and yields: a verb that plays or listens interrupts the
 * music, does its work, and the music resumes when no other verb follows in the same tick. An interlude (an
 * announcement of a queue) interrupts the music only, never a verb. Used by Call and the verbs.
 */
import type { Clock, Timer } from '../base/clock.ts'
import { CallEnded, CallMoved, SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { AppArgument, Ident } from '../esl/safe-text.ts'
import { executeUntil } from './execute.ts'
import type { Leg } from './leg.ts'
import { TypedAhead } from './typed-ahead.ts'

/**
 * A loop that ends sooner is a fault (an empty file) or was interrupted (the leg was joined or transferred). Three in
 * a row are a fault.
 */
const SHORTEST_LOOP_MS = 500
const SHORT_LOOPS = 3

interface Playing {
  readonly stop: AbortController
  readonly done: Promise<void>
}

export class Playback {
  /** What was pressed before the question that it answers. */
  readonly typedAhead = new TypedAhead()
  readonly #leg: Leg
  readonly #clock: Clock
  readonly #log: Log
  /** The innermost scope last. */
  readonly #music: AppArgument[] = []
  readonly #phases: Disposable
  #over = false
  #playing: Playing | null = null
  #busy = 0
  #resume: Timer | null = null
  /** Called once, with the next thing that a verb does here. */
  #next: ((acting: Promise<unknown>) => void) | null = null
  /** Interludes that wait until no verb plays or listens. */
  readonly #waiting = new Set<() => void>()
  #interludes: Promise<unknown> = Promise.resolve()

  constructor(leg: Leg, clock: Clock, log: Log) {
    this.#leg = leg
    this.#clock = clock
    this.#log = log
    this.#phases = leg.on('phase', phase => {
      if (phase === 'driven') this.#later()
      else this.#resume?.cancel()
    })
  }

  /** Ends the music for good: another run of the flow takes over what this one played. */
  async end(): Promise<void> {
    this.#over = true
    this.#phases[Symbol.dispose]()
    await this.#silence()
  }

  /** Calls `seen` when a verb plays or listens next, with what it does then. */
  whenNext(seen: (acting: Promise<unknown>) => void): void {
    this.#next = seen
  }

  /** Runs `act` while no music plays on the leg. */
  async perform<T>(act: () => Promise<T>): Promise<T> {
    this.#busy++
    try {
      if (this.#playing || this.#resume) await this.#silence()
      const acting = act()
      this.#next?.(acting)
      this.#next = null
      return await acting
    } finally {
      this.#busy--
      this.#later()
    }
  }

  /**
   * Runs `act` instead of the music as soon as no verb plays or listens, one interlude after the other. A verb that
   * comes meanwhile stops it (the signal), and it runs again after the verb. Resolves with true when it has run to its
   * end, with false when `until` has aborted. Rejects as `act` does.
   */
  interlude(act: (stop: AbortSignal) => Promise<void>, until: AbortSignal): Promise<boolean> {
    const turn = this.#interludes.then(() => this.#interlude(act, until))
    this.#interludes = turn.catch(() => {})
    return turn
  }

  async #interlude(act: (stop: AbortSignal) => Promise<void>, until: AbortSignal): Promise<boolean> {
    while (!until.aborted && !this.#over) {
      await this.#idle(until)
      await this.#silence()
      if (until.aborted || !this.#isIdle) continue
      const stop = new AbortController()
      const acting = act(AbortSignal.any([stop.signal, until]))
      const playing: Playing = { stop, done: acting.catch(() => {}) }
      this.#playing = playing
      try {
        await acting
      } finally {
        if (this.#playing === playing) this.#playing = null
        this.#later()
      }
      if (!stop.signal.aborted && !until.aborted) return true
    }
    return false
  }

  get #isIdle(): boolean {
    return this.#busy === 0 && this.#leg.phase === 'driven'
  }

  /** Resolves when no verb plays or listens, or when `until` aborts. */
  #idle(until: AbortSignal): Promise<void> {
    if (this.#isIdle) return Promise.resolve()
    return new Promise(resolve => {
      const settle = () => {
        this.#waiting.delete(settle)
        until.removeEventListener('abort', settle)
        resolve()
      }
      this.#waiting.add(settle)
      until.addEventListener('abort', settle, { once: true })
    })
  }

  /** Plays `file` over and over until the result is disposed. */
  music(file: AppArgument): AsyncDisposable {
    this.#music.push(file)
    const before = this.#silence()
    void before.then(() => this.#start())
    return {
      [Symbol.asyncDispose]: async () => {
        const at = this.#music.lastIndexOf(file)
        if (at >= 0) this.#music.splice(at, 1)
        await this.#silence()
        this.#later()
      },
    }
  }

  #later(): void {
    if ((this.#music.length === 0 && this.#waiting.size === 0) || this.#busy > 0) return
    this.#resume?.cancel()
    this.#resume = this.#clock.after(0, () => this.#start()) // the flow's next verb may play or listen itself
  }

  #start(): void {
    if (this.#waiting.size > 0 && this.#isIdle) return [...this.#waiting].forEach(settle => settle())
    const file = this.#music.at(-1)
    if (this.#over || file === undefined || this.#busy > 0 || this.#playing !== null || this.#leg.phase !== 'driven')
      return
    const stop = new AbortController()
    const playing: Playing = {
      stop,
      done: this.#loop(file, stop.signal).then(fault => {
        if (this.#playing === playing) this.#playing = null
        if (!fault) return
        const at = this.#music.lastIndexOf(file)
        if (at >= 0) this.#music.splice(at, 1) // the wait continues in silence
        this.#log.error(
          { uuid: this.#leg.uuid, sound: file, error: fault },
          'music could not be played; the caller waits in silence',
        )
      }),
    }
    this.#playing = playing
  }

  /**
   * Plays until stopped, or until the leg is lost or hung up; resolves with the reason when the music itself is at
   * fault, else null.
   */
  async #loop(file: AppArgument, stop: AbortSignal): Promise<string | null> {
    for (let short = 0; !stop.aborted;) {
      const begun = this.#clock.monotonic()
      try {
        const end = await executeUntil(this.#leg, 'playback' as Ident, file, stop)
        const answer = end?.get('Application-Response') ?? 'it ended at once'
        if (answer === 'FILE NOT FOUND') return answer
        short = this.#clock.monotonic() - begun < SHORTEST_LOOP_MS ? short + 1 : 0
        if (short === SHORT_LOOPS && !stop.aborted) return answer
      } catch (error) {
        if (error instanceof CallEnded || error instanceof CallMoved) return null
        if (!(error instanceof SwitchError)) throw error
        return error.message
      }
    }
    return null
  }

  async #silence(): Promise<void> {
    this.#resume?.cancel()
    this.#resume = null
    const playing = this.#playing
    if (!playing) return
    playing.stop.abort()
    await playing.done
  }
}
