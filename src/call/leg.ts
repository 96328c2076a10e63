/**
 * One leg at the switch and where its life stands. A leg is in one phase at a time:
 *
 *   driven   a conversation is open and a flow says what happens
 *   talking  two legs are joined; the conversations were closed on purpose, so that no death of a process can cut the talk
 *   adrift   the conversation was lost, or it may be another node's by now: it comes back within moments, is elsewhere, or has ended
 *   moved    somebody else drives it (final here: whoever waits, waits for ever, and nothing is cleaned up)
 *   ended    it was hung up (final)
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { CallEnded } from '../base/errors.ts'
import { Emitter } from '../base/events.ts'
import type { Log } from '../base/log.ts'
import type { SwitchEvent } from '../esl/event.ts'
import type { Uuid } from '../esl/safe-text.ts'
import type { Arrival } from '../journal/arrival.ts'
import type { Conversation } from './conversation.ts'
import { Conversations } from './conversations.ts'
import { LegEnding, type LegEnd } from './leg-end.ts'
import { unwritten } from '../journal/journal.ts'
import { Steps } from '../journal/steps.ts'
import type { Switch } from '../switch/switchboard.ts'

export type Phase = 'driven' | 'talking' | 'adrift' | 'moved' | 'ended'

/** The next node has a lost leg within 30 ms, within 2 s when hundreds are lost at once; then the switch is asked whether it lives. */
const ADRIFT_MS = 3_000

/** `held`: the person at this end puts the other one on hold, or back. */
type LegEvents = { key: string; bridged: void; recorded: SwitchEvent; bound: void; phase: Phase; held: boolean }

export class Leg extends Emitter<LegEvents> {
  readonly uuid: Uuid
  /** Who and where from, frozen at the first arrival: on a return the dialled number is the extension's. */
  readonly arrival: Arrival
  /** Null when the switch that brought the leg is not one that we command. */
  readonly home: Switch | null
  /** It comes back to the door after a talk, because it belongs to a person of ours: an agent who stays on the line. */
  returns = false
  answered: boolean
  /** Whom it talked to before it came here last. Stale when it has come for another reason. */
  lastTalk: Arrival['lastTalk']
  /** It was found to live elsewhere, and may belong to a call that is driven here: then it is brought here. False: it is given up. */
  fetch: (() => boolean) | null = null
  readonly moved: Promise<void>
  readonly #clock: Clock
  readonly #log: Log
  readonly #talks = new Conversations()
  readonly #ending = new LegEnding()
  #phase: Phase
  #resolveMoved!: () => void
  #watch: Disposable | undefined
  #searching: Timer | null = null
  #steps: Steps | null = null
  readonly #holds: () => boolean

  /** `holds`: may this process speak for its legs in this moment? `phase` is the first one: a leg is known here before it comes, or while it talks. */
  constructor(options: {
    arrival: Arrival
    home: Switch | null
    clock: Clock
    log: Log
    holds?: () => boolean
    phase?: 'driven' | 'talking' | 'adrift'
  }) {
    super()
    this.#holds = options.holds ?? (() => true)
    this.lastTalk = options.arrival.lastTalk
    this.#phase = options.phase ?? 'driven'
    this.uuid = options.arrival.uuid
    this.arrival = options.arrival
    this.answered = options.arrival.answered
    this.home = options.home
    this.#clock = options.clock
    this.#log = options.log
    this.moved = new Promise(resolve => (this.#resolveMoved = resolve))
    this.#watch = this.home?.watch(this.uuid, this.#hear.bind(this), ({ cause, at }) => this.end(cause, at))
    if (this.#phase === 'adrift') this.#searchLater()
  }

  /** The line of steps that what happens to it belongs to. */
  get steps(): Steps {
    return (this.#steps ??= new Steps(unwritten(this.uuid, this.#clock, this.#log)))
  }
  set steps(steps: Steps) {
    this.#steps = steps
  }
  get phase(): Phase {
    return this.#phase
  }
  get ended(): Promise<LegEnd> {
    return this.#ending.through
  }
  /** Aborts with CallEnded when the leg is hung up. */
  get signal(): AbortSignal {
    return this.#ending.signal
  }
  /** Why it ended, or null while it lives. */
  get reason(): CallEnded | null {
    return this.#ending.reason
  }

  /** A conversation begins, the first or a later one: one after the other. */
  bind(conversation: Conversation, arrival: Arrival = this.arrival): void {
    this.#talks.begin(conversation)
    this.lastTalk = arrival.lastTalk
    this.answered ||= arrival.answered
    this.#searching?.cancel()
    conversation.attach({
      maySend: this.#mine.bind(this),
      key: this.emit.bind(this, 'key') as (digit: string) => void,
      bridged: this.emit.bind(this, 'bridged', undefined),
      recorded: this.emit.bind(this, 'recorded') as (event: SwitchEvent) => void,
      hungUp: this.#hungUp.bind(this),
      complete: this.#complete.bind(this),
      closed: this.#lost.bind(this, conversation),
    })
    if (this.#phase === 'ended' || this.#phase === 'moved' || !conversation.open) return
    if (this.count('key') > 0) conversation.subscribeKeys()
    this.#enter('driven')
    this.emit('bound', undefined)
  }

  /** Keys are told from now on. */
  onKey(listener: (key: string) => void): Disposable {
    this.#talks.present?.subscribeKeys()
    return this.on('key', listener)
  }

  /** The open conversation, at once or as soon as the leg is driven again. Rejects with CallEnded; never settles once the leg has moved. */
  driven(): Promise<Conversation> {
    if (this.conversation) return Promise.resolve(this.conversation)
    if (this.#phase === 'ended') return Promise.reject(this.reason!)
    return this.next('bound', this.signal).then(() => this.driven())
  }

  /** The conversation if one is open now. */
  get conversation(): Conversation | null {
    return this.#phase === 'driven' ? this.#talks.present : null
  }

  /** This process was not sure whether the leg is still its own, and now knows that it is. */
  resume(): void {
    if (this.#phase !== 'adrift') return
    if (!this.#talks.takeUp()) return this.#searchLater()
    this.#enter('driven')
    this.emit('bound', undefined)
  }

  /** Its connection is closed and its flow stays: FreeSWITCH offers the leg to the other nodes first, and brings it back when none takes it. */
  offer(): void {
    if (this.#phase !== 'driven' && this.#phase !== 'adrift') return
    this.#enter('adrift')
    this.#talks.offer()
    this.#searchLater()
  }

  /** Two people talk: closes the conversation. Only with socket_resume=false on the leg. */
  letTalk(): void {
    if (this.#phase !== 'driven' && this.#phase !== 'adrift') return
    this.#enter('talking')
    this.#searching?.cancel()
    this.#talks.close()
  }

  /** The one it talked to is gone: it must come back to a door within moments, to ours or to another node's. */
  expectBack(): void {
    if (this.#phase === 'talking') this.#searchLater()
  }

  /** The dialplan has it now: for the flow the call is over, with this cause. Only with socket_resume=false on the leg. */
  handOver(cause: string): void {
    this.#talks.close()
    this.end(cause)
  }

  /**
   * Somebody else has it from now on. `taken`: they have it already; then the connections stay open, for closing one would tear the
   * leg from its new owner. The switch closes them when the leg ends.
   */
  giveAway(how: 'given' | 'taken' = 'given'): void {
    if (this.#phase === 'ended' || this.#phase === 'moved') return
    this.#enter('moved')
    this.#stopListening()
    if (how === 'given') this.#talks.close()
    this.#resolveMoved()
  }

  /** `at`: it ended at that time, milliseconds since the epoch, and nobody of us heard it: the switch will say no more. */
  end(cause: string, at?: number): void {
    if (this.#phase === 'ended' || this.#phase === 'moved') return
    this.#phase = 'ended'
    this.#searching?.cancel()
    this.#ending.begin(cause, at)
    this.emit('phase', 'ended')
    // the facts come a moment later; whoever needs them waits no longer than the linger lasts
    if (this.#ending.facts || !this.home || at !== undefined) this.#finish()
    else this.#searching = this.#clock.after(ADRIFT_MS, () => this.#finish())
  }

  /** Asked before everything that is said in a conversation, in the same turn. When the answer is no, nothing is said until it is known whose the leg is. */
  #mine(): boolean {
    if (this.#phase === 'moved') return false
    if (this.#holds()) return true
    if (this.#phase === 'driven') {
      this.#talks.putAside()
      this.#enter('adrift')
    }
    return false
  }

  /** What the switch tells everybody of this leg. */
  #hear(event: SwitchEvent): void {
    if (event.name === 'CHANNEL_HOLD' || event.name === 'CHANNEL_UNHOLD')
      this.emit('held', event.name === 'CHANNEL_HOLD')
    else if (event.name === 'CHANNEL_HANGUP') this.end(event.get('Hangup-Cause') ?? 'NORMAL_CLEARING')
    else if (event.name === 'CHANNEL_HANGUP_COMPLETE') this.#complete(event)
  }

  #complete(event: SwitchEvent): void {
    this.#ending.facts = event
    if (this.#phase !== 'ended') this.end(event.get('Hangup-Cause') ?? 'NORMAL_CLEARING')
    else this.#finish()
  }

  #hungUp(cause?: string): void {
    if (cause !== undefined) return this.end(cause)
    const { cause: heard, at } = this.home?.ended(this.uuid) ?? { cause: 'NORMAL_CLEARING', at: this.#clock.now() }
    this.end(heard, at)
  }

  #finish(): void {
    if (this.#ending.facts) this.#talks.close()
    else this.#talks.destroy()
    this.#stopListening()
    this.#ending.finish()
  }

  #stopListening(): void {
    this.#searching?.cancel()
    this.#watch?.[Symbol.dispose]()
  }

  #lost(conversation: Conversation): void {
    if (this.conversation !== conversation) return
    this.#talks.drop()
    this.#enter('adrift')
    this.#searchLater()
  }

  #searchLater(): void {
    this.#searching?.cancel()
    this.#searching = this.#clock.after(ADRIFT_MS, () => void this.#search())
  }

  /** Nobody brought the leg back here: has it ended, or does it live elsewhere? */
  async #search(): Promise<void> {
    const searched = this.#phase
    const lives = this.home ? await this.home.lives(this.uuid) : 'yes'
    if (this.#phase !== searched || (searched !== 'adrift' && searched !== 'talking')) return
    if (lives === 'no') return this.end('LOST')
    if (lives === 'unknown' || !this.#holds()) return this.#searchLater() // never given up on a guess
    if (this.fetch?.()) return this.#searchLater()
    this.#log.info({ uuid: this.uuid }, 'the call is driven elsewhere now')
    this.giveAway()
  }

  #enter(phase: Phase): void {
    this.#phase = phase
    this.emit('phase', phase)
  }
}
