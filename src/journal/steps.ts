/**
 * The one door that every verb passes. Steps are numbered when they are called; a step that was lived through before (the process that
 * ran the flow has died) gets its recorded result, any other runs, and its result is in the journal before the flow sees it.
 *
 * A step also survives the loss of its conversation: the leg comes back within moments, and the step goes on there. A prompt that was
 * cut is heard again from its start; a verb with an effect says by `recover` how it finds out what became of it.
 */
import { sleep } from '../base/clock.ts'
import { CallEnded, CallMoved, SwitchError } from '../base/errors.ts'
import type { Uuid } from '../esl/safe-text.ts'
import type { Done, Entry, Failure, Json } from './entries.ts'
import { failureOf, errorOf } from './failure.ts'
import type { Journal } from './journal.ts'
import { Replay } from './replay.ts'

/** The leg that a step acts on, as far as a step needs it (call/leg.ts). */
export interface SteppedLeg {
  readonly uuid: Uuid
  readonly steps: Steps
  readonly phase: 'driven' | 'talking' | 'adrift' | 'moved' | 'ended'
  /** Why it ended, or null while it lives. */
  readonly reason: CallEnded | null
  readonly ended: Promise<unknown>
  /** The open connection to FreeSWITCH about it, or null. */
  readonly conversation: object | null
  /** Its FreeSWITCH; null when that is not one that we command. */
  readonly home: { exists(uuid: Uuid): Promise<boolean> } | null
  /** Resolves when a connection is open. Rejects with CallEnded. */
  driven(): Promise<unknown>
  giveAway(how: 'taken'): void
  onKey(listener: (digit: string) => void): Disposable
}

export interface Step<T, I extends Json = Json> {
  /** The verb and what it is asked for, in a few words: 'play ivr/welcome'. */
  readonly verb: string
  /** A verb with an effect: what it is about to do, written before it does it. */
  intent?(): I
  /** As a method, `run() {…}`, in the verbs of every call: cheaper than `run: () => …`, see esl/connection.ts. */
  run(intent: I): Promise<T>
  /** Settles a step whose conversation was lost, or whose process died, after it may have taken effect. Without it the step runs again. */
  recover?(intent: I): Promise<T>
  /** The call is over: what a process that died had begun ends too. */
  abandon?(intent: I): Promise<void>
  /** What is written of the result, when that is not the result itself. */
  save?(result: T): Json
  /** The result, made of what was written. */
  load?(saved: Json, replay: Replay): T
  /** Doing it twice changes nothing: written with the next entry, and nobody waits for that. */
  readonly later?: boolean
}

/** Rejects with CallEnded when the leg is hung up. Never settles once another node drives it: the flow is frozen, nothing is cleaned up. */
export const step = <T, I extends Json = Json>(leg: SteppedLeg, one: Step<T, I>): Promise<T> => leg.steps.take(leg, one)

/** A step that is told that its call has moved, though it has not, is tried again. */
const AGAIN_MS = 1_000

/** A promise that stays as it is: whoever waits for it stands still. */
const never = <T>(): Promise<T> => new Promise<T>(() => {})

export class Steps {
  readonly journal: Journal
  readonly #prefix: string
  readonly #replay: Replay | null
  readonly #past: readonly Entry[]
  readonly #onChanged: (why: string) => void
  #count = 0
  #frozen = false

  /**
   * One line of steps. `past` are the journal's entries when the flow was begun elsewhere; `changed` is called, once, when the script is
   * not the one that they are of: from then on no step settles.
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

  /** While it lasts nothing reaches the switch. */
  get replaying(): boolean {
    return this.#replay !== null && !this.#replay.isThrough
  }

  /** Resolves when the flow is where it was. */
  async caughtUp(): Promise<void> {
    await this.#replay?.over
  }

  /** The steps within a step (what is said to a leg before the two talk): a line of their own, for the step as a whole may have a result. */
  within(n: string): Steps {
    return new Steps(this.journal, this.#past, why => this.#changed(why), `${n}.`)
  }

  /** The number of the step that is called next. */
  get next(): string {
    return `${this.#prefix}${this.#count + 1}`
  }

  async take<T, I extends Json>(leg: SteppedLeg, one: Step<T, I>): Promise<T> {
    if (this.#frozen || leg.phase === 'moved') return never()
    const n = `${this.#prefix}${++this.#count}`
    const replay = this.#replay
    if (replay && !replay.isOver) {
      const has = replay.has(n, one.verb)
      if (this.#frozen) return never()
      if (has) return replay.result(n, record => relive(one, record, replay))
      await replay.waitForEnd()
    }
    const before = replay?.intent(n)
    if (before && before.v !== one.verb) this.#changed(`step ${n} was '${before.v}' and is '${one.verb}' now`)
    if (this.#frozen || hasMoved(leg)) return never()
    const intent = (before ? before.d : one.intent?.()) as I
    try {
      if (leg.reason) {
        if (before) await one.abandon?.(intent)
        throw leg.reason
      }
      if (one.intent && !before) await this.#intend(n, one.verb, intent)
      if (this.#frozen || hasMoved(leg)) return await never<T>() // it is another node's, and that one does it
      const result = await this.#run(leg, one, intent, before !== undefined)
      await this.#record(leg, n, one, {
        r: this.journal.isKept ? (one.save ? one.save(result) : (result as Json | undefined)) : undefined,
      })
      return result
    } catch (error) {
      // the end of the call is nobody's result (that of another leg is), and what became of a step that moved is for the next owner to find out
      if (!(error instanceof CallMoved) && !(error instanceof CallEnded && leg.uuid === this.journal.uuid))
        await this.#record(leg, n, one, { x: failureOf(error) })
      throw error
    }
  }

  /** Keys as the flow is told them: each is in the journal first, and told again in a replay. */
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

  /** A listener that throws is the author's fault, here and on every node that tells it the same key again: it is said, and the call goes on. */
  #guarded(leg: SteppedLeg, listener: (digit: string) => void): (digit: string) => void {
    return digit => {
      try {
        listener(digit)
      } catch (error) {
        this.journal.log.error(
          { uuid: leg.uuid, error: error instanceof Error ? error.stack : String(error) },
          'what a flow does with a key failed',
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

  /** From now on no step settles: the flow that called them is given up, and another run of it takes its place. */
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
          await leg.ended // its hang-up is on the way: the switch has refused because there is no such leg any more
          throw leg.reason ?? error
        }
        if (!(error instanceof CallMoved)) throw error
        if (!(await this.journal.isOurs())) {
          leg.giveAway('taken')
          return never()
        }
        if (leg.conversation === before) await sleep(this.journal.clock, AGAIN_MS) // what has moved is not this leg
        await leg.driven()
      }
    }
  }

  async #intend(n: string, v: string, d: Json): Promise<void> {
    this.journal.add({ k: 'intent', n, v, at: this.journal.clock.now(), d })
    await this.journal.write()
  }

  async #record(
    leg: SteppedLeg,
    n: string,
    one: { verb: string; later?: boolean },
    outcome: { r?: Json | undefined; x?: Failure },
  ): Promise<void> {
    const s = this.journal.snapshot()
    this.journal.add({ k: 'done', n, v: one.verb, at: this.journal.clock.now(), ...outcome, ...(s && { s }) })
    if (!one.later) await this.journal.write()
    if (this.#frozen || leg.phase === 'moved') await never()
  }
}

/** Asked anew after every wait. */
const hasMoved = (leg: SteppedLeg): boolean => leg.phase === 'moved'

/** '5.' of '5.2', '' of '5'. */
const lineOf = (n: string): string => n.slice(0, n.lastIndexOf('.') + 1)

function relive<T, I extends Json>(one: Step<T, I>, record: Done, replay: Replay): T {
  if (record.x) throw errorOf(record.x)
  return one.load ? one.load(record.r ?? null, replay) : (record.r as T)
}

/** Has the leg ended, by its own word or by the switch's? False when the switch cannot be asked. */
export const isGone = async (leg: SteppedLeg): Promise<boolean> =>
  leg.reason !== null || (leg.home !== null && !(await leg.home.exists(leg.uuid)))
