/**
 * One outbound event socket connection, over which this node controls one leg: it runs applications, matches their
 * completion by id, and receives keys and the hang-up. A leg may have several conversations in its life, one after the
 * other (call/conversations.ts); a conversation has one leg and one connection. Created by Door (call/entry.ts), used
 * by Leg.
 */
import { randomBytes } from 'node:crypto'
import { afterReading, type Clock, type Timer } from '../base/clock.ts'
import { CallEnded, CallMoved, SwitchError } from '../base/errors.ts'
import type { ApiText } from '../esl/api.ts'
import {
  api,
  CONNECT,
  EXIT,
  execute,
  hangup,
  linger,
  NO_EVENTS,
  onlyOf,
  subscribe,
  type Command,
} from '../esl/command.ts'
import { Connection } from '../esl/connection.ts'
import type { Headers, SwitchEvent } from '../esl/event.ts'
import type { Wire } from '../esl/wire.ts'
import type { AppArgument, Ident, Uuid } from '../esl/safe-text.ts'

/** Seconds that FreeSWITCH keeps the connection after a hang-up: without it CHANNEL_HANGUP_COMPLETE is a race. */
const LINGER_SECONDS = 5
/**
 * FreeSWITCH polls a connection every 20 ms and may send the linger notice before the hang-up event: one poll before,
 * as a rule, more than 200 ms on a machine on which other processes use all cores. The wait is only for the cause;
 * nobody is on the line.
 */
const OVERTAKEN_MS = 1_000
/** A peer that does not name its leg within this time is not a FreeSWITCH of this installation. */
const IDENTIFY_MS = 5_000

/**
 * The events that a flow needs. By name and not by `myevents`, which sends three times the bytes; and not `myevents`
 * minus the unwanted names: FreeSWITCH reads commands byte by byte (1.2 µs each, measured), which counts when a
 * hundred calls are taken over at once.
 */
const WANTED = subscribe('CHANNEL_EXECUTE_COMPLETE', 'CHANNEL_BRIDGE', 'CHANNEL_HANGUP', 'CHANNEL_HANGUP_COMPLETE')

export interface ConversationSink {
  /** True while this process may send commands for this leg. */
  maySend(): boolean
  key(digit: string): void
  /** This leg is now joined with another one. */
  bridged(event: SwitchEvent): void
  /** Without the event: the leg ended before this conversation had subscribed to events. */
  hungUp(event?: SwitchEvent): void
  /** A recording of this leg has ended; the event names its file. */
  recorded(event: SwitchEvent): void
  /** FreeSWITCH's last event of this leg: all its variables and times. */
  complete(event: SwitchEvent): void
  /** The connection is closed. Without a hang-up before it, the leg may still live. */
  closed(): void
}

interface Pending {
  app: Ident
  started?: (() => void) | undefined
  resolve(event: SwitchEvent): void
  reject(error: Error): void
}

const PROCESS = `${randomBytes(5).toString('hex')}-`
let executions = 0

export class Conversation {
  readonly #connection: Connection
  readonly #clock: Clock
  #pending: Map<string, Pending> | null = null
  #sink: ConversationSink | null = null
  #early: ((sink: ConversationSink) => void)[] | null = []
  #hungUp: string | null = null
  /** FreeSWITCH has sent its last event of the leg, or never will. */
  #over = false
  #unheard: Timer | null = null
  #seesStarts = false
  #hearsKeys = false

  constructor(wire: Wire, clock: Clock, refused: (text: string) => void) {
    this.#clock = clock
    this.#connection = new Connection(wire, clock, {
      event: this.#event.bind(this),
      closed: this.#closed.bind(this),
      refused,
      lingers: this.#lingers.bind(this),
    })
  }

  get open(): boolean {
    return this.#connection.open && this.#hungUp === null
  }

  /** True while events of the leg may still come over this connection: results, and the hang-up with its cause. */
  get unread(): boolean {
    return this.#connection.open && !this.#over
  }

  /** Sends `connect`. Resolves with the channel data; rejects with SwitchError PROTOCOL after 5 s without an answer. */
  async greet(): Promise<Headers> {
    const late = afterReading(this.#clock, IDENTIFY_MS, () =>
      this.#connection.destroy(new SwitchError('PROTOCOL', `no answer to connect within ${IDENTIFY_MS} ms`)),
    )
    const connected = this.#connection.send(CONNECT)
    this.post(linger(LINGER_SECONDS))
    try {
      return (await connected).headers
    } finally {
      late.cancel()
    }
  }

  /** Subscribes to the events of this leg. A hang-up before that is reported by the linger notice alone. */
  subscribe(leg: Uuid): void {
    this.post(onlyOf(leg), WANTED)
  }

  /** Delivers events to `sink` from now on, including those since the greeting. */
  attach(sink: ConversationSink): void {
    this.#connection.trust() // it was accepted
    this.#sink = sink
    const early = this.#early ?? []
    this.#early = null
    for (const deliver of early) deliver(sink)
  }

  /**
   * Runs an application and resolves with its completion event. Rejects with CallEnded, with CallMoved (this
   * conversation is over, the leg may live) or with SwitchError APP_UNKNOWN. `started` is called when the application
   * has begun: before that it cannot be interrupted.
   */
  execute(app: Ident, argument?: AppArgument, started?: () => void): Promise<SwitchEvent> {
    return new Promise((resolve, reject) => {
      if (this.#hungUp !== null) return reject(new CallEnded(this.#hungUp))
      if (!this.#connection.open) return reject(new CallMoved('its connection to this node is closed'))
      if (!this.#mine()) return reject(notOurs())
      if (started && !this.#seesStarts) {
        this.#seesStarts = true
        this.post(subscribe('CHANNEL_EXECUTE'))
      }
      const id = PROCESS + (executions++).toString(36)
      ;(this.#pending ??= new Map()).set(id, { app, started, resolve, reject })
      this.post(execute(app, id, argument))
    })
  }

  /** Runs an api command on this leg's FreeSWITCH. Rejects with SwitchError SWITCH_REFUSED or with CallMoved. */
  async api(text: ApiText): Promise<string> {
    if (!this.#mine()) throw notOurs()
    const reply = await this.#connection.send(api(text))
    if (/^-(ERR|USAGE)/.test(reply.text))
      throw new SwitchError('SWITCH_REFUSED', `FreeSWITCH answered '${reply.text}' to ${text.split(' ', 1)[0]}`)
    return reply.body
  }

  /** Subscribes to key events. Only when a flow listens for keys: each event is 6 kB. */
  subscribeKeys(): void {
    if (this.#hearsKeys) return
    this.#hearsKeys = true
    this.post(subscribe('DTMF'))
  }

  /** Sends commands whose replies nobody awaits; those of one tick leave in one write. */
  post(...commands: Command[]): void {
    if (!this.#mine()) return
    for (const command of commands) this.#connection.post(command)
  }

  hangup(cause: Ident): void {
    this.post(hangup(cause))
  }

  /**
   * A later conversation of the same leg replaces this one, which stays open and sends nothing more. Its waiting
   * commands reject with CallMoved.
   */
  retire(): void {
    this.#sink = null
    this.#early = null
    this.#settle(() => new CallMoved('the leg has a later conversation'))
    this.post(NO_EVENTS)
  }

  /** Gives the leg up: FreeSWITCH offers it to the next node, or lets it talk on, as its socket_resume says. */
  close(): void {
    this.post(EXIT)
    this.#connection.end()
  }

  destroy(): void {
    this.#connection.destroy()
  }

  #mine(): boolean {
    return this.#sink === null || this.#sink.maySend()
  }

  #event(event: SwitchEvent): void {
    switch (event.name) {
      case 'CHANNEL_EXECUTE_COMPLETE': {
        const id = event.raw('Application-UUID') ?? ''
        const pending = this.#pending?.get(id)
        if (pending === undefined) return // started by something else, or `socket` itself at the hang-up
        this.#pending!.delete(id)
        return pending.resolve(event)
      }
      case 'CHANNEL_EXECUTE':
        return this.#pending?.get(event.raw('Application-UUID') ?? '')?.started?.()
      case 'DTMF': {
        const digit = event.get('DTMF-Digit')
        return digit === undefined ? undefined : this.#deliver(sink => sink.key(digit))
      }
      case 'RECORD_STOP':
        return this.#deliver(sink => sink.recorded(event))
      case 'CHANNEL_BRIDGE':
        return this.#deliver(sink => sink.bridged(event))
      case 'CHANNEL_HANGUP': {
        const cause = event.get('Hangup-Cause') ?? 'NORMAL_CLEARING'
        this.#hungUp = cause
        this.#unheard?.cancel()
        this.#settle(pending => (isUnknown(pending.app, cause, event) ? unknownApp(pending.app) : new CallEnded(cause)))
        return this.#deliver(sink => sink.hungUp(event))
      }
      case 'CHANNEL_HANGUP_COMPLETE':
        this.#over = true
        this.#connection.end() // no event follows: no need to linger
        return this.#deliver(sink => sink.complete(event))
    }
  }

  /**
   * The leg has ended. Its hang-up event, with the cause, may still follow: FreeSWITCH changes the state before it
   * sends the event. No event ever follows for a hang-up between the greeting and the subscription.
   */
  #lingers(): void {
    if (this.#hungUp === null) this.#unheard = afterReading(this.#clock, OVERTAKEN_MS, () => this.#endUnheard())
  }

  #endUnheard(): void {
    this.#unheard?.cancel()
    this.#over = true
    this.#hungUp = 'NORMAL_CLEARING'
    this.#settle(() => new CallEnded('NORMAL_CLEARING'))
    this.#deliver(sink => sink.hungUp())
  }

  #closed(): void {
    if (this.#unheard && this.#hungUp === null) this.#endUnheard() // the linger is over: no hang-up event follows
    this.#settle(() => new CallMoved('its connection to this node was closed'))
    this.#deliver(sink => sink.closed())
  }

  #settle(why: (pending: Pending) => Error): void {
    const all = this.#pending
    this.#pending = null
    if (all) for (const pending of all.values()) pending.reject(why(pending))
  }

  #deliver(deliver: (sink: ConversationSink) => void): void {
    if (this.#sink) deliver(this.#sink)
    else this.#early?.push(deliver)
  }
}

const notOurs = () => new CallMoved('this node cannot tell whether it still drives the call')

/**
 * When FreeSWITCH does not know an application, it hangs up with DESTINATION_OUT_OF_ORDER and never reports its
 * completion. Such an application cannot have become the current one.
 */
function isUnknown(app: Ident, cause: string, hangupEvent: SwitchEvent): boolean {
  return cause === 'DESTINATION_OUT_OF_ORDER' && hangupEvent.variable('current_application') !== app
}

const unknownApp = (app: Ident) =>
  new SwitchError(
    'APP_UNKNOWN',
    `FreeSWITCH does not know the application '${app}' and hung the call up: load the module that provides it`,
  )
