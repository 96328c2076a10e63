/**
 * One leg in FreeSWITCH and its state. A call is one leg or more; nodes and flows act on legs through this class.
 * Phases:
 *
 *   driven   a conversation is open and a flow decides what happens
 *   talking  two legs are joined; their conversations are closed, so that the death of a process cannot end the talk
 *   adrift   the conversation was lost, or another node may own the leg by now: it returns within moments, lives
 *            elsewhere, or has ended
 *   moved    another node drives it; final in this process: promises that wait for the leg never settle, and nothing is
 *            cleaned up
 *   ended    it was hung up; final
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { CallEnded } from '../base/errors.ts'
import { Emitter } from '../base/emitter.ts'
import type { Log } from '../base/log.ts'
import type { SwitchEvent } from '../esl/event.ts'
import type { Uuid } from '../esl/safe-text.ts'
import type { Arrival } from '../journal/arrival.ts'
import type { Conversation } from './conversation.ts'
import { Conversations } from './conversations.ts'
import { LegEnding, type LegEnd } from './leg-end.ts'
import { LegTimes } from './leg-times.ts'
import { unwritten } from '../journal/journal.ts'
import { Steps } from '../journal/steps.ts'
import type { Switch } from '../switch/switchboard.ts'

export type Phase = 'driven' | 'talking' | 'adrift' | 'moved' | 'ended'

/**
 * The next node has a lost leg within 30 ms, within 2 s when hundreds are lost at once; after that FreeSWITCH is
 * asked.
 */
const ADRIFT_MS = 3_000

/** `held`: the person on this leg puts the other person on hold, or takes them back. */
type LegEvents = {
  key: string
  bridged: void
  recorded: SwitchEvent
  bound: void
  phase: Phase
  held: { readonly on: boolean; readonly at: number }
}

export class Leg extends Emitter<LegEvents> {
  readonly uuid: Uuid
  /**
   * Identity and route, fixed at the first arrival: when the leg returns, its dialled number is that of the entry
   * extension.
   */
  readonly arrival: Arrival
  /**
   * Null when this leg is on a FreeSWITCH that FREESWITCH does not name, or when it is not known on which one it is.
   */
  readonly home: Switch | null
  /** True: after a talk the leg returns to a node, because it is that of an agent who stays on the line. */
  returns = false
  answered: boolean
  /**
   * The leg it talked with before its last arrival. Outdated when it arrived for another reason than the end of a
   * talk.
   */
  lastTalk: Arrival['lastTalk']
  /** As of its last arrival: it waits while its partner consults with somebody. */
  aside: Arrival['aside']
  /** As of its last arrival: it was in a conference since its last talk began. */
  conferred = false
  /**
   * Called when the leg is connected to another node; `true`: it is being fetched back to this one, false: it is given
   * up.
   */
  fetch: (() => boolean) | null = null
  /** When FreeSWITCH did what with it. */
  readonly times: LegTimes
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

  /**
   * `holds`: true while this process may send commands for its legs. `phase`: the first phase, for a leg that is known
   * here before it arrives ('adrift') or while it talks ('talking').
   */
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
    this.aside = options.arrival.aside
    this.#phase = options.phase ?? 'driven'
    this.uuid = options.arrival.uuid
    this.arrival = options.arrival
    this.answered = options.arrival.answered
    this.home = options.home
    this.times = new LegTimes(options.home, options.clock, options.arrival)
    this.#clock = options.clock
    this.#log = options.log
    this.moved = new Promise(resolve => (this.#resolveMoved = resolve))
    this.#watch = this.home?.watch(this.uuid, this.#hear.bind(this), ({ cause, at }) => this.end(cause, at))
    if (this.#phase === 'adrift') this.#searchLater()
  }

  /** The sequence of journal steps that the events of this leg are written to. */
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

  /** Begins a conversation; a leg has several in its life, one after the other. Closes it when the leg has ended. */
  bind(conversation: Conversation, arrival: Arrival = this.arrival): void {
    if (this.reason) return conversation.close()
    this.#talks.begin(conversation)
    this.times.comes(arrival)
    this.lastTalk = arrival.lastTalk
    this.aside = arrival.aside
    this.conferred = arrival.conferred ?? false
    this.answered ||= arrival.answered
    this.#searching?.cancel()
    conversation.attach({
      maySend: this.#mine.bind(this),
      key: this.emit.bind(this, 'key') as (digit: string) => void,
      bridged: this.#bridged.bind(this),
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

  /** Calls `listener` for each key from now on, and subscribes to key events if that was not done yet. */
  onKey(listener: (key: string) => void): Disposable {
    this.#talks.present?.subscribeKeys()
    return this.on('key', listener)
  }

  /**
   * The open conversation, at once or when the leg is driven again. Rejects with CallEnded; never settles once the leg
   * has moved.
   */
  driven(): Promise<Conversation> {
    if (this.conversation) return Promise.resolve(this.conversation)
    if (this.#phase === 'ended') return Promise.reject(this.reason!)
    return this.next('bound', this.signal).then(() => this.driven())
  }

  /** The conversation when one is open, else null. */
  get conversation(): Conversation | null {
    return this.#phase === 'driven' ? this.#talks.present : null
  }

  /** Called when this process knows again that it owns the leg. */
  resume(): void {
    if (this.#phase !== 'adrift') return
    if (!this.#talks.takeUp()) return this.#searchLater()
    this.#enter('driven')
    this.emit('bound', undefined)
  }

  /**
   * Closes the connection and keeps the flow: FreeSWITCH offers the leg to the other nodes first, and returns it to
   * this one when none of them takes it.
   */
  offer(): void {
    if (this.#phase !== 'driven' && this.#phase !== 'adrift') return
    this.#enter('adrift')
    this.#talks.offer()
    this.#searchLater()
  }

  /** Closes the conversation because two people talk. Only when socket_resume=false is set on the leg. */
  letTalk(): void {
    if (this.#phase !== 'driven' && this.#phase !== 'adrift') return
    this.#enter('talking')
    this.#searching?.cancel()
    this.#talks.close()
  }

  /** The other leg of the talk has ended: this leg must arrive at this or another node within moments. */
  expectBack(): void {
    if (this.#phase === 'talking') this.#searchLater()
  }

  /**
   * The dialplan has the leg now: for the flow the call has ended with this cause. Only when socket_resume=false is
   * set on it.
   */
  handOver(cause: string): void {
    this.#talks.close()
    this.end(cause)
  }

  /**
   * Another node has the leg from now on. `taken`: it has it already; the connections stay open then, because closing
   * one would take the leg from its new owner. FreeSWITCH closes them when the leg ends.
   */
  giveAway(how: 'given' | 'taken' = 'given'): void {
    if (this.#phase === 'ended' || this.#phase === 'moved') return
    this.#enter('moved')
    this.#stopListening()
    if (how === 'given') this.#talks.close()
    this.#resolveMoved()
  }

  /**
   * `at`: when the leg ended, milliseconds since the epoch, if this process did not receive the hang-up event:
   * FreeSWITCH sends nothing more about the leg then.
   */
  end(cause: string, at?: number): void {
    if (this.#phase === 'ended' || this.#phase === 'moved') return
    this.#phase = 'ended'
    this.#searching?.cancel()
    if (at !== undefined) this.times.ended = at
    this.#ending.begin(cause)
    this.emit('phase', 'ended')
    // the final variables come a moment later; nothing waits for them longer than the connection lingers
    if (this.#hasAll() || !this.home || at !== undefined) this.#finish()
    else this.#searching = this.#clock.after(ADRIFT_MS, () => this.#finish())
  }

  /**
   * Checked before each command, in the same turn of the event loop. False: nothing is sent until it is known which
   * node owns the leg.
   */
  #mine(): boolean {
    if (this.#phase === 'moved') return false
    if (this.#holds()) return true
    if (this.#phase === 'driven') {
      this.#talks.putAside()
      this.#enter('adrift')
    }
    return false
  }

  /** Events of this leg on FreeSWITCH's event link, which every node receives. */
  #hear(event: SwitchEvent): void {
    this.times.hears(event)
    if (event.name === 'CHANNEL_HOLD' || event.name === 'CHANNEL_UNHOLD')
      this.emit('held', { on: event.name === 'CHANNEL_HOLD', at: this.times.of(event) })
    else if (event.name === 'CHANNEL_HANGUP') this.end(event.get('Hangup-Cause') ?? 'NORMAL_CLEARING')
    else if (event.name === 'CHANNEL_HANGUP_COMPLETE') this.#complete(event)
  }

  #bridged(event: SwitchEvent): void {
    this.times.hears(event)
    this.emit('bridged', undefined)
  }

  #complete(event: SwitchEvent): void {
    this.#ending.facts = event
    if (this.#phase !== 'ended') this.end(event.get('Hangup-Cause') ?? 'NORMAL_CLEARING')
    else if (this.#hasAll()) this.#finish()
  }

  /**
   * The last event is here, and no other may follow. The event link may deliver it first: then the leg's own connection
   * still holds what came before it, such as the result of an application.
   */
  #hasAll(): boolean {
    return this.#ending.facts !== undefined && !this.#talks.unread
  }

  #hungUp(event?: SwitchEvent): void {
    if (event !== undefined) {
      this.times.hears(event)
      return this.end(event.get('Hangup-Cause') ?? 'NORMAL_CLEARING')
    }
    if (this.#phase === 'ended' && this.#hasAll()) return this.#finish()
    const { cause: heard, at } = this.home?.ended(this.uuid) ?? { cause: 'NORMAL_CLEARING', at: this.#clock.now() }
    this.end(heard, at)
  }

  #finish(): void {
    if (this.#ending.facts) this.#talks.close()
    else this.#talks.destroy()
    this.#stopListening()
    this.#ending.finish(this.times.ended)
  }

  #stopListening(): void {
    this.#searching?.cancel()
    this.#watch?.[Symbol.dispose]()
  }

  #lost(conversation: Conversation): void {
    if (this.#phase === 'ended' && this.#talks.present === conversation && this.#hasAll()) return this.#finish()
    if (this.conversation !== conversation) return
    this.#talks.drop()
    this.#enter('adrift')
    this.#searchLater()
  }

  #searchLater(): void {
    this.#searching?.cancel()
    this.#searching = this.#clock.after(ADRIFT_MS, () => void this.#search())
  }

  /** The leg did not return to this node: asks FreeSWITCH whether it has ended or lives elsewhere. */
  async #search(): Promise<void> {
    const searched = this.#phase
    const lives = this.home ? await this.home.lives(this.uuid) : 'yes'
    if (this.#phase !== searched || (searched !== 'adrift' && searched !== 'talking')) return
    if (lives === 'no') return this.end('LOST')
    if (lives === 'unknown' || !this.#holds()) return this.#searchLater() // a leg is never given up on a guess
    if (this.fetch?.()) return this.#searchLater()
    this.#log.info({ uuid: this.uuid }, 'call given up: another node drives it')
    this.giveAway()
  }

  #enter(phase: Phase): void {
    this.#phase = phase
    this.emit('phase', phase)
  }
}
