/**
 * One conversation with the switch about one leg: applications run and complete by id, keys and the hang-up come in between.
 * A leg may have several conversations in its life, one after the other; a conversation has one leg and one connection.
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

/** Seconds that the switch keeps the connection after a hang-up: without it HANGUP_COMPLETE is a race. */
const LINGER_SECONDS = 5
/**
 * The switch looks at a connection every 20 ms, and may say that it lingers before it tells of the hang-up: one look before, as a rule, and
 * more than 200 ms on a machine on which others burn all cores. What is waited for is the cause; nobody is on the line.
 */
const OVERTAKEN_MS = 1_000
/** A peer that does not tell within this time which leg it brings is no switch of ours. */
const IDENTIFY_MS = 5_000

/**
 * What a flow waits for. By name, not by `myevents`, which brings three times the octets; and not `myevents` less the unwanted names:
 * FreeSWITCH reads commands octet by octet (1.2 µs each, measured), which counts when a hundred calls are taken over at once.
 */
const WANTED = subscribe('CHANNEL_EXECUTE_COMPLETE', 'CHANNEL_BRIDGE', 'CHANNEL_HANGUP', 'CHANNEL_HANGUP_COMPLETE')

export interface ConversationSink {
  /** May something be said about this leg, by this process, in this moment? */
  maySend(): boolean
  key(digit: string): void
  /** This leg is now joined with another one. */
  bridged(): void
  /** Without a cause it ended in the moment before we listened. */
  hungUp(cause?: string): void
  /** A recording of this leg has ended; its file is named in it. */
  recorded(event: SwitchEvent): void
  /** The last word of the switch on this leg: all its variables and times. */
  complete(event: SwitchEvent): void
  /** The connection is gone. When no hang-up came before it, the leg may well live on. */
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

  /** Asks who is there. Gives the leg's data; rejects when the peer is silent for 5 s. */
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

  /** From now on what happens to this leg is told. Who hung up before that is told of by the notice that the connection lingers. */
  subscribe(leg: Uuid): void {
    this.post(onlyOf(leg), WANTED)
  }

  /** From now on `sink` hears what happens, including what happened since the greeting. */
  attach(sink: ConversationSink): void {
    this.#connection.trust() // it was let in
    this.#sink = sink
    const early = this.#early ?? []
    this.#early = null
    for (const deliver of early) deliver(sink)
  }

  /**
   * Runs an application and resolves with its completion. Rejects with CallEnded, CallMoved (this conversation is over, the leg may
   * live) or SwitchError APP_UNKNOWN. `started` is called when the application has begun: only then can it be broken off.
   */
  execute(app: Ident, argument?: AppArgument, started?: () => void): Promise<SwitchEvent> {
    return new Promise((resolve, reject) => {
      if (this.#hungUp !== null) return reject(new CallEnded(this.#hungUp))
      if (!this.#connection.open) return reject(new CallMoved('the conversation is over'))
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

  /** Runs an api command on the switch of this leg. Rejects with SWITCH_REFUSED or CallMoved. */
  async api(text: ApiText): Promise<string> {
    if (!this.#mine()) throw notOurs()
    const reply = await this.#connection.send(api(text))
    if (/^-(ERR|USAGE)/.test(reply.text))
      throw new SwitchError('SWITCH_REFUSED', `the switch answered '${reply.text}' to ${text.split(' ', 1)[0]}`)
    return reply.body
  }

  /** From now on keys are told: 6 kB each, so only when somebody listens for them. */
  subscribeKeys(): void {
    if (this.#hearsKeys) return
    this.#hearsKeys = true
    this.post(subscribe('DTMF'))
  }

  /** Commands whose replies nobody awaits; what is told in one tick leaves in one write. */
  post(...commands: Command[]): void {
    if (!this.#mine()) return
    for (const command of commands) this.#connection.post(command)
  }

  hangup(cause: Ident): void {
    this.post(hangup(cause))
  }

  /** A later conversation of the same leg takes its place. It stays open and says nothing more; who waits on it learns that the leg has moved. */
  retire(): void {
    this.#sink = null
    this.#early = null
    this.#settle(() => new CallMoved('the leg has a later conversation'))
    this.post(NO_EVENTS)
  }

  /** Gives the leg away: it goes to the next node, or talks on, as its socket_resume says. */
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
        if (pending === undefined) return // of an application that others started, or `socket` itself at the hang-up
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
        return this.#deliver(sink => sink.bridged())
      case 'CHANNEL_HANGUP': {
        const cause = event.get('Hangup-Cause') ?? 'NORMAL_CLEARING'
        this.#hungUp = cause
        this.#unheard?.cancel()
        this.#settle(pending => (isUnknown(pending.app, cause, event) ? unknownApp(pending.app) : new CallEnded(cause)))
        return this.#deliver(sink => sink.hungUp(cause))
      }
      case 'CHANNEL_HANGUP_COMPLETE':
        this.#connection.end() // nothing more will come: no need to linger
        return this.#deliver(sink => sink.complete(event))
    }
  }

  /**
   * The leg has ended. The event of it may still be on its way, with the cause (FreeSWITCH changes the state first and tells of it then);
   * of a hang-up between our greeting and our subscribing no event ever comes.
   */
  #lingers(): void {
    if (this.#hungUp === null) this.#unheard = afterReading(this.#clock, OVERTAKEN_MS, () => this.#endUnheard())
  }

  #endUnheard(): void {
    this.#unheard?.cancel()
    this.#hungUp = 'NORMAL_CLEARING'
    this.#settle(() => new CallEnded('NORMAL_CLEARING'))
    this.#deliver(sink => sink.hungUp())
  }

  #closed(): void {
    if (this.#unheard && this.#hungUp === null) this.#endUnheard() // it lingered and is gone: no event of the hang-up comes any more
    this.#settle(() => new CallMoved('the connection to the switch is gone'))
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

const notOurs = () => new CallMoved('it is not known whether the call is still driven here')

/**
 * FreeSWITCH answers an application it does not know by hanging up with DESTINATION_OUT_OF_ORDER, and never reports its completion.
 * Such an application cannot have become the current one.
 */
function isUnknown(app: Ident, cause: string, hangupEvent: SwitchEvent): boolean {
  return cause === 'DESTINATION_OUT_OF_ORDER' && hangupEvent.variable('current_application') !== app
}

const unknownApp = (app: Ident) =>
  new SwitchError(
    'APP_UNKNOWN',
    `FreeSWITCH does not know the application '${app}' and has hung the call up: is its module loaded?`,
  )
