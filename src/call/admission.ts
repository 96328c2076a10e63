/**
 * How many calls this node takes, decided by measurement: the number of live calls, and how late its own work makes
 * its event loop (whatever a caller does is received that much later). A loop that is late because others use the
 * machine, FreeSWITCH first of all, is no reason to send callers away, until they would take the line for dead:
 * sending them away takes nothing from the others. They wait (esl/inbox.ts).
 *
 * Calls that are here come first: a node that is full sends new callers to the overflow. A node with twice as many
 * calls as its limit closes its port when another node is alive and open (node/port-gate.ts), so that FreeSWITCH goes
 * to that one within 10 ms. The last open node never closes its port, for behind it there is only the apology. Used by
 * node/listening.ts; Door asks admits().
 *
 *   open       new calls are taken
 *   shedding   a new call is sent to the overflow; a call that a node drove before is taken: it has no other place
 *   overrun    as shedding, and the port is closed while another node is open
 */
import type { Clock, Timer } from '../base/clock.ts'
import { Emitter } from '../base/emitter.ts'
import type { Log } from '../base/log.ts'

export type AdmissionState = 'open' | 'shedding' | 'overrun'

/** FreeSWITCH's own tick: nobody hears a delay that is shorter. */
const TICK_MS = 20
/**
 * Five seconds of ticks; of this number, 99 of 100 are in time when two are late. One long pause is over when it is
 * seen and counts as one.
 */
const TICKS = 250
const LATE_OF_TICKS = 3
/**
 * An overload is over when no tick was later than half the limit for this time: else the port would open and close all
 * the time.
 */
const CALM_MS = 500
/** A node that is late for this time is not just catching up. */
const SOFT_FOR_MS = 1_000
/** The lag, made by this node's own work, at which callers begin to notice; milliseconds, 99 of 100 ticks. */
const SOFT_LAG_MS = 50
/**
 * The lag, whatever makes it, at which callers would wait too long for each prompt: each step of a flow takes several
 * of them.
 */
const DEAD_LAG_MS = 1_000
/** The calls of another node arrive all at once when it dies: room for as many again. */
const HARD_TIMES = 2
/** A limit on calls, once reached, stays in force until the number of calls falls below this part of it. */
const BELOW = 0.9
/** With fewer calls than this part of the limit, the calls are not what makes the node late. */
const AT_LEAST = 0.25

const ROOM_AGAIN = 'this node has room for calls of other nodes again; new callers are still sent to the overflow'

export interface AdmissionOptions {
  clock: Clock
  log: Log
  /** The number of live calls on this node now, and of connections that have not named their leg yet. */
  load(): { readonly calls: number; readonly coming: number }
  /** From this number of calls on, new callers are sent to the overflow; at twice as many the node is overrun. */
  maxCalls: number
  /** The CPU time that this process has used so far, milliseconds. */
  cpuMs(): number
  /** True while calls of a dead node are taken over: the event loop is late then because of them, and that ends. */
  takesOver?(): boolean
  /** Between two measurements of the event loop, milliseconds. Default 20. In virtual time nothing is ever late. */
  tickMs?: number
}

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

  /** True when a new call may begin here: asked for each call, at the moment in which it would begin. */
  admits(): boolean {
    this.look()
    return this.#state === 'open'
  }

  /** Updates the state from the present measurements. */
  look(): void {
    const { clock, load, maxCalls } = this.#options
    const now = clock.monotonic()
    const { calls } = load() // not `coming`: those may have been driven before, and such calls are never refused
    const most = maxCalls * HARD_TIMES
    const overrun = this.#state === 'overrun' ? calls > most * BELOW : calls >= most
    const busy = calls >= maxCalls * AT_LEAST
    const beginsToShed = calls >= maxCalls || (busy && this.#ownLag.isBeyond(now)) || this.#lag.isBeyond(now)
    const keepsShedding = calls > maxCalls * BELOW || (busy && !this.#ownLag.isCalm(now)) || !this.#lag.isCalm(now)
    const full = this.#state === 'open' ? beginsToShed : keepsShedding
    this.#enter(overrun ? 'overrun' : full ? 'shedding' : 'open', now)
  }

  /** The number of live calls, and the greatest lag, in milliseconds, of 99 of 100 ticks in the last five seconds. */
  get figures(): { readonly calls: number; readonly coming: number; readonly lagMs: number } {
    const lags = this.#lags.slice(0, Math.min(this.#ticks, TICKS)).sort()
    return { ...this.#options.load(), lagMs: Math.round(lags.at(-LATE_OF_TICKS) ?? 0) }
  }

  [Symbol.dispose](): void {
    this.#timer.cancel()
  }

  #nextTick(): Timer {
    const { clock, cpuMs, tickMs = TICK_MS } = this.#options
    const due = clock.monotonic() + tickMs
    const ran = cpuMs()
    return clock.after(tickMs, () => {
      this.#timer = this.#nextTick()
      const now = clock.monotonic()
      this.#hear(now, Math.max(0, now - due), cpuMs() - ran)
    })
  }

  /** `ran`: the CPU time of this process since the last tick; its own work cannot have caused more lag than that. */
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

/** Decides whether the event loop is later than a limit allows. */
class LagLimit {
  readonly #ms: number
  readonly #forMs: number
  /** For each of the last ticks: 1 when it was too late; and the number of those. */
  readonly #late = new Uint8Array(TICKS)
  #count = 0
  /** Since when there are too many late ticks; and when a tick was last later than half the limit. */
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

  /** The overload is over: the ticks that were late then predict nothing. */
  forget(): void {
    this.#late.fill(0)
    this.#count = 0
    this.#beyondSince = null
  }
}
