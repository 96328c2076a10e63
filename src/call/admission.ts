/**
 * How much this node takes on, decided by what it measures: how many calls live here, and how late its own work makes its event loop
 * (whatever a caller does is heard that much later). A loop that is late because others use the machine, FreeSWITCH first of all, is no
 * reason to send callers away before they would take the line for dead: that takes nothing from the others. They wait (esl/inbox.ts).
 * Calls that are here come first: a node that is full sends new callers to the overflow. One with twice
 * as many calls as it should have closes its port when another node is alive and open (node/port-gate.ts), so that FreeSWITCH goes to that
 * one within 10 ms; the last open node never does, for behind it there is only the apology.
 *
 *   open       new calls are taken
 *   shedding   a new call is sent to the overflow; one that a node has driven before is taken, for it has no other place
 *   overrun    as shedding, and the port is closed while another node is open
 */
import type { Clock, Timer } from '../base/clock.ts'
import { Emitter } from '../base/events.ts'
import type { Log } from '../base/log.ts'

export type AdmissionState = 'open' | 'shedding' | 'overrun'

/** FreeSWITCH's own tick: what is earlier than that nobody hears. */
const TICK_MS = 20
/** Five seconds of ticks; of so many, 99 of 100 are in time when two are late. One long pause is over when it is seen and counts as one. */
const TICKS = 250
const LATE_OF_TICKS = 3
/** A load is over when it has been away for so long, and half as high: else the port would be opened and closed all the time. */
const CALM_MS = 500
/** A node that is too late for so long is not just catching up. */
const SOFT_FOR_MS = 1_000
/** The lag at which callers begin to notice, as far as this node's own work makes it; milliseconds, 99 of 100 ticks. */
export const SOFT_LAG_MS = 50
/** The lag, whoever makes it, at which callers would wait too long for each word: each step of a flow takes several of them. */
const DEAD_LAG_MS = 1_000
/** A neighbour's calls arrive all at once when it dies: room for as many again. */
const HARD_TIMES = 2
/** Below this part of a limit the limit is forgotten. */
const BELOW = 0.9
/** With fewer calls than this part of the limit it is not they who make the node late. */
const AT_LEAST = 0.25

const ROOM_AGAIN = 'this node has room for calls of other nodes again; new callers are still sent to the overflow'

export interface AdmissionOptions {
  clock: Clock
  log: Log
  /** Live calls on this node, now, and connections of which it is not known yet what they bring. */
  load(): { readonly calls: number; readonly coming: number }
  /** From so many calls on new callers are sent to the overflow; at twice as many the node is overrun. */
  maxCalls: number
  /** CPU time that this process has used so far, milliseconds. */
  cpuMs(): number
  /** True while calls of a dead node are being taken over: the event loop is late then because of them, and that ends. */
  takesOver?(): boolean
}

/** What the door asks. */
export type Admits = Pick<Admission, 'admits'>

export class Admission extends Emitter<{ state: AdmissionState }> implements Disposable {
  readonly #options: AdmissionOptions
  readonly #ownLag: LagLimit
  readonly #lag: LagLimit
  readonly #lags = new Float64Array(TICKS)
  #ticks = 0
  #timer: Timer
  #state: AdmissionState = 'open'
  #since: number

  constructor(options: AdmissionOptions) {
    super()
    this.#options = options
    this.#since = options.clock.monotonic()
    this.#ownLag = new LagLimit(SOFT_LAG_MS, SOFT_FOR_MS)
    this.#lag = new LagLimit(DEAD_LAG_MS, SOFT_FOR_MS)
    this.#timer = this.#nextTick()
  }

  get state(): AdmissionState {
    return this.#state
  }

  /** True when a new call may begin here: asked for each, in the moment in which it would. */
  admits(): boolean {
    this.look()
    return this.#state === 'open'
  }

  /** The state follows what is there now. */
  look(): void {
    const { clock, load, maxCalls } = this.#options
    const now = clock.monotonic()
    const { calls } = load() // those that are coming may have been driven before: they are never refused
    const most = maxCalls * HARD_TIMES
    const overrun = this.#state === 'overrun' ? calls > most * BELOW : calls >= most
    const busy = calls >= maxCalls * AT_LEAST
    const beginsToShed = calls >= maxCalls || (busy && this.#ownLag.isBeyond(now)) || this.#lag.isBeyond(now)
    const keepsShedding = calls > maxCalls * BELOW || (busy && !this.#ownLag.isCalm(now)) || !this.#lag.isCalm(now)
    const full = this.#state === 'open' ? beginsToShed : keepsShedding
    this.#enter(overrun ? 'overrun' : full ? 'shedding' : 'open', now)
  }

  /** Live calls, and by how many milliseconds 99 of 100 ticks of the last five seconds were late at most. */
  get figures(): { readonly calls: number; readonly coming: number; readonly lagMs: number } {
    const lags = this.#lags.slice(0, Math.min(this.#ticks, TICKS)).sort()
    return { ...this.#options.load(), lagMs: Math.round(lags.at(-LATE_OF_TICKS) ?? 0) }
  }

  [Symbol.dispose](): void {
    this.#timer.cancel()
  }

  #nextTick(): Timer {
    const { clock, cpuMs } = this.#options
    const due = clock.monotonic() + TICK_MS
    const ran = cpuMs()
    return clock.after(TICK_MS, () => {
      this.#timer = this.#nextTick()
      const now = clock.monotonic()
      this.#hear(now, Math.max(0, now - due), cpuMs() - ran)
    })
  }

  /** `ran` is what this process has worked since the last tick: no more than that can be its own doing. */
  #hear(now: number, lag: number, ran: number): void {
    const slot = this.#ticks++ % TICKS
    this.#lags[slot] = lag
    const counts = this.#options.takesOver?.() ? 0 : lag
    this.#ownLag.hear(now, Math.min(counts, ran), slot)
    this.#lag.hear(now, counts, slot)
    this.look()
  }

  #enter(state: AdmissionState, now: number): void {
    const before = this.#state
    if (state === before) return
    const figures = { ...this.figures, maxCalls: this.#options.maxCalls }
    this.#state = state
    if (state === 'open') {
      this.#ownLag.forget()
      this.#lag.forget()
    }
    const { log } = this.#options
    if (state === 'open') log.info({ ...figures, ms: Math.round(now - this.#since) }, 'this node takes new calls again')
    else if (before === 'overrun') log.info(figures, ROOM_AGAIN)
    else if (state === 'overrun')
      log.warn(
        figures,
        'this node has twice as many calls as MAX_CALLS: its port is closed as soon as another node is open',
      )
    else log.warn(figures, 'this node is full: new callers are sent to the overflow')
    if (before === 'open') this.#since = now
    this.emit('state', state)
  }
}

/** Whether the event loop is later than it may be. */
class LagLimit {
  readonly #ms: number
  readonly #forMs: number
  /** Which of the last ticks were too late, and how many. */
  readonly #late = new Uint8Array(TICKS)
  #count = 0
  /** Since when there are too many of them; and when the last one was that was not at least half as good as it has to be. */
  #beyondSince: number | null = null
  #restless = -Infinity

  constructor(ms: number, forMs: number) {
    this.#ms = ms
    this.#forMs = forMs
  }

  hear(now: number, lag: number, slot: number): void {
    const late = Number(lag > this.#ms)
    this.#count += late - this.#late[slot]!
    this.#late[slot] = late
    if (lag > this.#ms / 2) this.#restless = now
    if (this.#count < LATE_OF_TICKS) this.#beyondSince = null
    else this.#beyondSince ??= now
  }

  isBeyond(now: number): boolean {
    return this.#beyondSince !== null && now - this.#beyondSince >= this.#forMs && !this.isCalm(now)
  }

  isCalm(now: number): boolean {
    return now - this.#restless >= CALM_MS
  }

  /** It is over: what was late then says nothing of what comes. */
  forget(): void {
    this.#late.fill(0)
    this.#count = 0
    this.#beyondSince = null
  }
}
