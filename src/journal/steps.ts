/**
 * The single entry of every verb. Steps are numbered when they are called. After a takeover, a step with a record gets
 * its recorded result; any other step runs, and its result is in the journal before the flow sees it.
 *
 * A step also survives the loss of its connection: FreeSWITCH offers the leg again within moments, and the step
 * continues there. A prompt that was cut plays again from its start; a verb with an effect has `recover`, which finds
 * out whether the effect happened.
 *
 *   replaying  results come from the journal (replay.ts)
 *   live       steps run for real
 *   frozen     the flow was given up, or another node has the call: no step settles (final)
 *
 * A live flow may be interrupted, because the call goes on in another flow: then the step that waits, and every later
 * one, rejects with CallRedirected. Only the ends of scopes still run.
 */
import { sleep } from '../base/clock.ts'
import { CallEnded, CallMoved, SwitchError, type CallRedirected } from '../base/errors.ts'
import { RETRY } from '../base/retry.ts'
import type { Uuid } from '../esl/safe-text.ts'
import { wordsOf, type Act, type Done, type Entry, type Failure, type Json } from './entries.ts'
import { failureOf, errorOf } from './failure.ts'
import type { Journal } from './journal.ts'
import { Replay } from './replay.ts'

/** The part of a leg that a step needs; call/leg.ts implements it. */
export interface SteppedLeg {
  readonly uuid: Uuid
  readonly steps: Steps
  readonly phase: 'driven' | 'talking' | 'adrift' | 'moved' | 'ended'
  /** Why it ended; null while it is alive. */
  readonly reason: CallEnded | null
  readonly ended: Promise<unknown>
  /** Its open connection to FreeSWITCH, or null. */
  readonly conversation: object | null
  /** Its FreeSWITCH; null when this node does not command it. */
  readonly home: { exists(uuid: Uuid): Promise<boolean> } | null
  /** Resolves when a connection is open. Rejects with CallEnded. */
  driven(): Promise<unknown>
  giveAway(how: 'taken'): void
  onKey(listener: (digit: string) => void): Disposable
}

export interface Step<T, I extends Json = Json> {
  /** The verb and its argument in short: 'play ivr/welcome'. It identifies the step in the journal. */
  readonly verb: string
  /** What the verb was asked for, when that identifies the step. */
  readonly args?: readonly string[]
  /** For a verb with an effect: what it is about to do. The intent is written before the effect. */
  intent?(): I
  /** Runs the verb. Write it as a method, `run() {…}`, which is cheaper than `run: () => …`: see esl/connection.ts. */
  run(intent: I): Promise<T>
  /**
   * Settles a step that may have taken effect before its connection was lost or its process died. Without it the step
   * runs again.
   */
  recover?(intent: I): Promise<T>
  /** Called when the call has ended, or the flow was interrupted: ends the effect that has begun. */
  abandon?(intent: I): Promise<void>
  /** Converts the result to its journal form. Default: the result itself. */
  save?(result: T): Json
  /** Converts the journal form back to the result. Default: the journal form itself. */
  load?(saved: Json, replay: Replay): T
  /** The end of a scope: it also runs when the flow was interrupted. */
  readonly endsScope?: boolean
  /**
   * The step may run twice without harm (with this result): its record goes with the next write, and the step does not
   * wait for it.
   */
  readonly later?: boolean | ((result: T) => boolean)
}

/**
 * Runs one step of the leg's flow. Rejects with CallEnded (CALL_ENDED) when the leg is hung up. Never settles once
 * another node drives the leg: the flow is frozen and nothing is cleaned up.
 */
export const step = <T, I extends Json = Json>(leg: SteppedLeg, one: Step<T, I>): Promise<T> => leg.steps.take(leg, one)

/** A promise that never settles: the flow that awaits it stops there. */
const never = <T>(): Promise<T> => new Promise<T>(() => {})

export class Steps {
  readonly journal: Journal
  readonly #prefix: string
  readonly #replay: Replay | null
  readonly #past: readonly Entry[]
  readonly #onChanged: (why: string) => void
  #count = 0
  #frozen = false
  #interruption: CallRedirected | null = null
  /** The steps that an interruption rejects. */
  readonly #running = new Set<(why: CallRedirected) => void>()

  /**
   * One line of steps. `past`: the entries of the journal, when the flow began on another node. `changed` is called
   * once when the script differs from them; from then on no step settles.
   */
  constructor(journal: Journal, past: readonly Entry[] = [], changed: (why: string) => void = () => {}, prefix = '') {
    this.journal = journal
    this.#prefix = prefix
    this.#past = past
    this.#onChanged = changed
    const own = past.filter(entry =>
      entry.k !== 'done' && entry.k !== 'intent' && entry.k !== 'key' ? prefix === '' : lineOf(entry.n) === prefix,
    )
    this.#replay = own.length === 0 ? null : new Replay(journal, own, why => this.#changed(why))
  }

  /** True while recorded results are handed out; nothing is sent to FreeSWITCH then. */
  get replaying(): boolean {
    return this.#replay !== null && !this.#replay.isThrough
  }

  /** Resolves when the flow is where it was before the takeover; at once without a replay. */
  async caughtUp(): Promise<void> {
    await this.#replay?.over
  }

  /**
   * The steps within step `n` (what is played to a leg before the bridge). They are a line of their own, because the
   * step as a whole may have a result.
   */
  within(n: string): Steps {
    return new Steps(this.journal, this.#past, why => this.#changed(why), `${n}.`)
  }

  /** The number of the next step. */
  get next(): string {
    return `${this.#prefix}${this.#count + 1}`
  }

  /** The number of the step after the next one. */
  get following(): string {
    return `${this.#prefix}${this.#count + 2}`
  }

  async take<T, I extends Json>(leg: SteppedLeg, one: Step<T, I>): Promise<T> {
    if (this.#frozen || leg.phase === 'moved') return never()
    const n = `${this.#prefix}${++this.#count}`
    const replay = this.#replay
    if (replay && !replay.isOver) {
      const has = replay.has(n, one)
      if (this.#frozen) return never()
      if (has) return replay.result(n, record => relive(one, record, replay))
      await replay.waitForEnd()
    }
    const before = replay?.intent(n)
    if (before && wordsOf(before) !== wordsOf(one))
      this.#changed(`step ${n} was "${wordsOf(before)}" and is now "${wordsOf(one)}"`)
    if (this.#frozen || hasMoved(leg)) return never()
    const intent = (before ? before.d : one.intent?.()) as I
    try {
      if (leg.reason) {
        if (before) await one.abandon?.(intent)
        throw leg.reason
      }
      if (one.intent && !before) await this.#intend(n, one, intent)
      if (this.#frozen || hasMoved(leg)) return await never<T>() // the node that has the call runs this step
      const result = await this.#untilInterrupted(one, () => this.#run(leg, one, intent, before !== undefined))
      const r = this.journal.isKept ? (one.save ? one.save(result) : (result as Json | undefined)) : undefined
      await this.#record(leg, n, one, { r }, typeof one.later === 'function' ? one.later(result) : one.later)
      return result
    } catch (error) {
      if (error === this.#interruption) {
        await one.abandon?.(intent)
        throw error
      }
      // The end of the call itself is not a result of the step (the end of another leg is). After CallMoved the next
      // owner finds out the result.
      if (!(error instanceof CallMoved) && !(error instanceof CallEnded && leg.uuid === this.journal.uuid))
        await this.#record(leg, n, one, { x: failureOf(error) })
      throw error
    }
  }

  /** From now on every step rejects with `why`, but for the ends of scopes. Not during a replay. */
  interrupt(why: CallRedirected): void {
    this.#interruption ??= why
    for (const reject of [...this.#running]) reject(this.#interruption)
  }

  #untilInterrupted<T>({ endsScope = false }: { readonly endsScope?: boolean }, run: () => Promise<T>): Promise<T> {
    if (endsScope) return run()
    if (this.#interruption) return Promise.reject(this.#interruption)
    return new Promise((resolve, reject) => {
      this.#running.add(reject)
      run()
        .then(resolve, reject)
        .finally(() => this.#running.delete(reject))
    })
  }

  /**
   * Delivers key presses to `heard` until the result is disposed. Each is written to the journal before it is
   * delivered, and delivered again in a replay.
   */
  listen(leg: SteppedLeg, heard: (digit: string) => void): Disposable {
    const listener = this.#guarded(leg, heard)
    const n = `${this.#prefix}${++this.#count}`
    const past = this.#replay?.isOver === false ? this.#replay.keys(n, listener) : undefined
    const live = leg.onKey(digit => void this.#tell(n, digit, listener))
    return {
      [Symbol.dispose]() {
        past?.[Symbol.dispose]()
        live[Symbol.dispose]()
      },
    }
  }

  /**
   * A listener that throws is an error of the script, here and in every replay of the same key: it is logged, and the
   * call continues.
   */
  #guarded(leg: SteppedLeg, listener: (digit: string) => void): (digit: string) => void {
    return digit => {
      try {
        listener(digit)
      } catch (error) {
        this.journal.log.error(
          { uuid: leg.uuid, error: error instanceof Error ? error.stack : String(error) },
          'the key listener of a flow failed; the call continues',
        )
      }
    }
  }

  async #tell(n: string, digit: string, listener: (digit: string) => void): Promise<void> {
    await this.caughtUp()
    this.journal.add({ k: 'key', n, at: this.journal.clock.now(), digit })
    await this.journal.write()
    if (!this.#frozen) listener(digit)
  }

  /** From now on no step settles: this run of the flow is given up, and another run replaces it. */
  freeze(): void {
    this.#frozen = true
    this.#replay?.abandon()
  }

  #changed(why: string): void {
    if (this.#frozen) return
    this.freeze()
    this.#onChanged(why)
  }

  async #run<T, I extends Json>(leg: SteppedLeg, one: Step<T, I>, intent: I, again: boolean): Promise<T> {
    for (let recovering = again; ; recovering = true) {
      const before = leg.conversation
      try {
        return await (recovering && one.recover ? one.recover(intent) : one.run(intent))
      } catch (error) {
        if (error instanceof SwitchError && error.code === 'SWITCH_REFUSED' && (await isGone(leg))) {
          await leg.ended // FreeSWITCH refused because the leg does not exist: its hang-up event is about to arrive
          throw leg.reason ?? error
        }
        if (!(error instanceof CallMoved)) throw error
        if (this.#interruption && !one.endsScope) throw this.#interruption
        if (!(await this.journal.isOurs())) {
          leg.giveAway('taken')
          return never()
        }
        if (leg.conversation === before) await sleep(this.journal.clock, RETRY.stepAfterMove.pauseMs) // another leg has moved
        await leg.driven()
      }
    }
  }

  async #intend(n: string, { verb, args }: Act, d: Json): Promise<void> {
    this.journal.add({ k: 'intent', n, verb, args, at: this.journal.clock.now(), d })
    await this.journal.write()
  }

  async #record(
    leg: SteppedLeg,
    n: string,
    { verb, args }: Act,
    outcome: { r?: Json | undefined; x?: Failure },
    later = false,
  ): Promise<void> {
    const s = this.journal.snapshot()
    this.journal.add({ k: 'done', n, verb, args, at: this.journal.clock.now(), ...outcome, ...(s && { s }) })
    if (!later) await this.journal.write()
    if (this.#frozen || leg.phase === 'moved') await never()
  }
}

/** A function, because the phase must be read again after every `await`. */
const hasMoved = (leg: SteppedLeg): boolean => leg.phase === 'moved'

/** '5.' of '5.2', '' of '5'. */
const lineOf = (n: string): string => n.slice(0, n.lastIndexOf('.') + 1)

function relive<T, I extends Json>(one: Step<T, I>, record: Done, replay: Replay): T {
  if (record.x) throw errorOf(record.x)
  return one.load ? one.load(record.r ?? null, replay) : (record.r as T)
}

/**
 * True when the leg has ended, or when FreeSWITCH answers that it does not exist. False when FreeSWITCH cannot be
 * asked.
 */
export const isGone = async (leg: SteppedLeg): Promise<boolean> =>
  leg.reason !== null || (leg.home !== null && !(await leg.home.exists(leg.uuid)))
