/**
 * One leg at the switch and where its life stands. A leg is in one phase at a time:
 *
 *   driven   a conversation is open and a flow says what happens
 *   talking  two legs are joined; the conversations were closed on purpose, so that no death of a process can cut the talk
 *   adrift   the conversation was lost: the leg comes back within moments, is driven by another node, or has ended
 *   moved    somebody else drives it (final here: whoever waits, waits for ever, and nothing is cleaned up)
 *   ended    it was hung up (final)
 */
import type { Clock, Timer } from '../base/clock.ts'
import { CallEnded } from '../base/errors.ts'
import { Emitter } from '../base/events.ts'
import type { Log } from '../base/log.ts'
import type { ApiText } from '../esl/api.ts'
import type { SwitchEvent } from '../esl/event.ts'
import type { Uuid } from '../esl/words.ts'
import type { Conversation } from './conversation.ts'
import type { Arrival } from './arrival.ts'
import type { Switch } from './switchboard.ts'

export type Phase = 'driven' | 'talking' | 'adrift' | 'moved' | 'ended'

/** The next node has a lost leg within 30 ms, within 2 s when hundreds are lost at once; then the switch is asked whether it lives. */
const ADRIFT_MS = 3_000

export interface LegEnd {
  readonly cause: string
  /** All that the switch knew at the end; absent when it never said. */
  readonly facts?: SwitchEvent
}

export class Leg extends Emitter<{ key: string; bridged: void; recorded: SwitchEvent; bound: void; phase: Phase }> {
  readonly uuid: Uuid
  /** Who and where from, frozen at the first arrival: on a return the dialled number is the extension's. */
  readonly arrival: Arrival
  /** Null when the switch that brought the leg is not one that we command. */
  readonly home: Switch | null
  /** It comes back to the door after a talk, because it belongs to a person of ours: an agent who stays on the line. */
  returns = false
  readonly ended: Promise<LegEnd>
  readonly moved: Promise<void>
  readonly #clock: Clock
  readonly #log: Log
  #over: AbortController | null = null
  #reason: CallEnded | null = null
  #phase: Phase = 'driven'
  #conversation: Conversation | null = null
  #resolveEnded!: (end: LegEnd) => void
  #resolveMoved!: () => void
  #watch: Disposable | undefined
  /** Conversations before the present one that are still open. */
  readonly #retired: Conversation[] = []
  #searching: Timer | null = null
  #cause: string | null = null
  #facts: SwitchEvent | undefined

  constructor(options: { arrival: Arrival; home: Switch | null; clock: Clock; log: Log }) {
    super()
    this.uuid = options.arrival.uuid
    this.arrival = options.arrival
    this.home = options.home
    this.#clock = options.clock
    this.#log = options.log
    this.ended = new Promise(resolve => (this.#resolveEnded = resolve))
    this.moved = new Promise(resolve => (this.#resolveMoved = resolve))
    this.#watch = this.home?.watch(this.uuid, this.#hear.bind(this), () => this.end('LOST'))
  }

  get phase(): Phase {
    return this.#phase
  }

  /** Aborts with CallEnded when the leg is hung up. */
  get signal(): AbortSignal {
    if (this.#over === null) {
      this.#over = new AbortController() // made when somebody looks: most flows never do
      if (this.reason) this.#over.abort(this.reason)
    }
    return this.#over.signal
  }

  /** Why it ended, or null while it lives. */
  get reason(): CallEnded | null {
    if (this.#phase === 'ended') this.#reason ??= new CallEnded(this.#cause ?? 'NORMAL_CLEARING') // made when somebody looks
    return this.#reason
  }

  /**
   * A conversation begins, the first or a later one: one after the other. An old one that is still open (the leg was transferred, or a
   * join failed) stays open until the leg talks, goes or ends: its end would tear the leg away from the new one, whatever
   * socket_resume says, and each return would bring the same trouble again (measured: eight takeovers in a row, then the fallback).
   */
  bind(conversation: Conversation): void {
    if (this.#conversation?.open) {
      this.#conversation.retire()
      this.#retired.push(this.#conversation)
    }
    this.#conversation = conversation
    this.#searching?.cancel()
    conversation.attach({
      key: this.#key.bind(this),
      bridged: this.#bridged.bind(this),
      recorded: this.#recorded.bind(this),
      hungUp: this.end.bind(this),
      complete: this.#complete.bind(this),
      closed: this.#lost.bind(this, conversation),
    })
    if (this.#phase === 'ended' || this.#phase === 'moved' || !conversation.open) return
    if (this.count('key') > 0) conversation.hearKeys()
    this.#enter('driven')
    this.emit('bound', undefined)
  }

  /** Keys: `using _ = leg.onKey(key => …)`. They are told from now on. */
  onKey(listener: (key: string) => void): Disposable {
    this.#conversation?.hearKeys()
    return this.on('key', listener)
  }

  /** The open conversation, at once or as soon as the leg is driven again. Rejects with CallEnded; never settles once the leg has moved. */
  driven(): Promise<Conversation> {
    if (this.#phase === 'driven' && this.#conversation) return Promise.resolve(this.#conversation)
    if (this.#phase === 'ended') return Promise.reject(this.reason!)
    return this.next('bound', this.signal).then(() => this.driven())
  }

  /** The conversation if one is open now. */
  get conversation(): Conversation | null {
    return this.#phase === 'driven' ? this.#conversation : null
  }

  /** Two people talk: closes the conversation. Only with socket_resume=false on the leg. */
  letTalk(): void {
    if (this.#phase !== 'driven' && this.#phase !== 'adrift') return
    this.#enter('talking')
    this.#searching?.cancel()
    this.#close()
  }

  /** The one it talked to is gone: it must come back to a door within moments, to ours or to another node's. */
  expectBack(): void {
    if (this.#phase !== 'talking') return
    this.#searching?.cancel()
    this.#searching = this.#clock.after(ADRIFT_MS, () => void this.#search())
  }

  /** An api command about this leg: over its own conversation, or over the command link while two people talk. */
  async command(text: ApiText): Promise<void> {
    if (this.conversation) await this.conversation.api(text)
    else if (this.home) await this.home.commands.run(text)
    else await (await this.driven()).api(text)
  }

  /** The dialplan has it now: for the flow the call is over, with this cause. Only with socket_resume=false on the leg. */
  handOver(cause: string): void {
    this.#close()
    this.end(cause)
  }

  /** Somebody else has it from now on. */
  giveAway(): void {
    if (this.#phase === 'ended' || this.#phase === 'moved') return
    this.#enter('moved')
    this.#stopListening()
    this.#close()
    this.#resolveMoved()
  }

  end(cause: string): void {
    if (this.#phase === 'ended' || this.#phase === 'moved') return
    this.#cause = cause
    this.#enter('ended')
    this.#searching?.cancel()
    this.#over?.abort(this.reason)
    // the facts come a moment later; whoever needs them waits no longer than the linger lasts
    if (this.#facts || !this.home) this.#finish()
    else this.#searching = this.#clock.after(ADRIFT_MS, () => this.#finish())
  }

  #key(digit: string): void {
    this.emit('key', digit)
  }

  #bridged(): void {
    this.emit('bridged', undefined)
  }

  #recorded(event: SwitchEvent): void {
    this.emit('recorded', event)
  }

  /** All that is open between this leg and us. */
  #close(): void {
    const open = this.#conversation
    this.#conversation = null
    open?.close()
    this.#closeRetired()
  }

  #closeRetired(): void {
    for (const conversation of this.#retired.splice(0)) conversation.close()
  }

  /** What the switch tells everybody of this leg. */
  #hear(event: SwitchEvent): void {
    if (event.name === 'CHANNEL_HANGUP') this.end(event.get('Hangup-Cause') ?? 'NORMAL_CLEARING')
    else if (event.name === 'CHANNEL_HANGUP_COMPLETE') this.#complete(event)
  }

  #complete(event: SwitchEvent): void {
    this.#facts = event
    if (this.#phase !== 'ended') this.end(event.get('Hangup-Cause') ?? 'NORMAL_CLEARING')
    else this.#finish()
  }

  #finish(): void {
    this.#closeRetired()
    this.#stopListening()
    this.#resolveEnded({ cause: this.#cause ?? 'NORMAL_CLEARING', ...(this.#facts ? { facts: this.#facts } : {}) })
  }

  #stopListening(): void {
    this.#searching?.cancel()
    this.#watch?.[Symbol.dispose]()
  }

  #lost(conversation: Conversation): void {
    if (this.#conversation !== conversation || this.#phase !== 'driven') return
    this.#conversation = null
    this.#enter('adrift')
    this.#searching = this.#clock.after(ADRIFT_MS, () => void this.#search())
  }

  /** Nobody brought the leg back here: has it ended, or does it live elsewhere? */
  async #search(): Promise<void> {
    const searched = this.#phase
    const lives = this.home ? await this.home.lives(this.uuid) : 'yes'
    if (this.#phase !== searched || (searched !== 'adrift' && searched !== 'talking')) return
    if (lives === 'no') return this.end('LOST')
    if (lives === 'unknown') return void (this.#searching = this.#clock.after(ADRIFT_MS, () => void this.#search())) // never given up on a guess
    this.#log.info({ uuid: this.uuid }, 'the call is driven elsewhere now')
    this.giveAway()
  }

  #enter(phase: Phase): void {
    this.#phase = phase
    this.emit('phase', phase)
  }
}
