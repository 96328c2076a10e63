/**
 * The verb takeCaller: an agent who has called takes the caller who is next, on this very leg. The caller's flow drives
 * the talk, as with every agent: it finds the agent reserved, and joins this leg (call/parked-leg.ts). Meanwhile this
 * flow waits; when the talk is over, FreeSWITCH brings the leg back to it.
 *
 * Everything is read from the agent's record (agent/dialled-in.ts), so the step may run again on any node: it takes up
 * a talk that goes on, and takes no second caller after a talk.
 */
import type { Agent } from '../agent/agent.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { CallContext } from '../call/call-context.ts'
import { goneSignal } from '../call/gone-signal.ts'
import { joinedBy } from '../call/joined-by.ts'
import type { Leg } from '../call/leg.ts'
import type { Playback } from '../call/playback.ts'
import { uuid as uuidOf } from '../esl/safe-text.ts'
import { lastEvent, tellOnce } from '../journal/call-events.ts'
import { step } from '../journal/steps.ts'
import type { Member } from '../queue/member.ts'
import type { Queues } from '../queue/queues.ts'
import type { CallerTaking } from '../queue/taking.ts'
import { waitingCall } from './queue-place.ts'

export interface TakeOptions {
  /** Only callers of this queue. Default: those of all queues that the agent serves. */
  readonly queue?: string | undefined
  /** When nobody waits, waits for the next caller. Default: false. */
  readonly waits?: boolean | undefined
}

/** 'refused': the agent has another call, or must give the disposition of the last one first. */
export type TakeEnd = 'talked' | 'nobody' | 'refused'

/** A caller who was taken and left before the talk is not taken again before this time. */
const ASIDE_MS = 10_000

interface TakeParts {
  readonly leg: Leg
  readonly playback: Playback
  readonly context: CallContext
  readonly queues: Queues
}

export function takeCaller(parts: TakeParts, agent: string, options: TakeOptions): Promise<TakeEnd> {
  const { leg, queues } = parts
  const taking = new Taking(parts, agent, options, leg.steps.next)
  return step<TakeEnd>(leg, {
    verb: 'take-caller',
    args: [agent],
    run: () => taking.run(),
    abandon: async () => taking.abandon(),
    load: (end, replay) => {
      replay.atEnd(async () => endsWith(leg, queues.taking, agent))
      return end as TakeEnd
    },
  })
}

class Taking {
  readonly #parts: TakeParts
  readonly #taking: CallerTaking
  readonly #agent: string
  readonly #options: TakeOptions
  readonly #step: string
  readonly #call
  /** Until when each caller who was taken in vain is left alone. */
  readonly #aside = new Map<string, number>()
  /** The caller with whom this process has seen the agent talk. */
  #joined: string | null = null
  #abandoned = false

  constructor(parts: TakeParts, agent: string, options: TakeOptions, number: string) {
    this.#parts = parts
    this.#taking = parts.queues.taking
    this.#agent = agent
    this.#options = options
    this.#step = number
    this.#call = waitingCall(parts.leg)
  }

  async run(): Promise<TakeEnd> {
    const { leg, context, playback } = this.#parts
    const line = { leg: leg.uuid, flow: leg.arrival.path, step: this.#step }
    if (!(await this.#taking.dialIn(this.#call, this.#agent, line))) return 'refused'
    endsWith(leg, this.#taking, this.#agent)
    using changes = new Changes(this.#taking, this.#agent, this.#queue, leg, context.clock)
    while (!this.#abandoned) {
      changes.seen()
      const agent = await this.#taking.agent(this.#call, this.#agent)
      if (agent?.dialledIn?.leg !== leg.uuid) return 'refused'
      const { served } = agent.dialledIn
      if (served !== undefined) {
        if (served === this.#joined || served === leg.lastTalk?.with) {
          if (!lastEvent(leg.steps.journal, served)) this.#tells(served, 'call.bridged')
          this.#tells(served, 'call.unbridged')
          return 'talked'
        }
        if (!(await this.#taking.dialIn(this.#call, this.#agent, line, served))) return 'refused'
        continue
      }
      const caller = agent.reservation ? null : await this.#next(agent)
      if (agent.reservation || caller) await playback.perform(() => this.#serve(agent, caller, changes))
      else if (this.#options.waits) await changes.next(this.#soonest())
      else return 'nobody'
    }
    return 'nobody'
  }

  /** The music has ended: what is sent to a leg that is being joined would play into the talk. */
  async #serve(agent: Agent, caller: Member | null, changes: Changes): Promise<void> {
    if (caller && !(await this.#taking.take(this.#call, agent, caller))) return
    const reservation = agent.reservation ?? (await this.#taking.agent(this.#call, this.#agent))?.reservation
    if (reservation) await this.#talk(reservation, changes)
  }

  get #queue(): string | null {
    return this.#options.queue ?? null
  }

  abandon(): void {
    this.#abandoned = true
    this.#taking.dialOut(this.#agent, this.#parts.leg.uuid)
  }

  /** The first caller on the FreeSWITCH of this leg: legs of two cannot be joined. */
  async #next(agent: Agent): Promise<Member | null> {
    const { home } = this.#parts.leg
    const { clock } = this.#parts.context
    const elsewhere = new Set<string>()
    const without = (call: string) => elsewhere.has(call) || (this.#aside.get(call) ?? 0) > clock.now()
    for (;;) {
      const caller = await this.#taking.first(this.#call, agent, this.#queue, without)
      if (!caller || (home && (await home.lives(uuidOf(caller.call))) === 'yes')) return caller
      elsewhere.add(caller.call)
    }
  }

  /** The caller's flow joins the two. Resolves when the agent is not reserved for that caller any more. */
  async #talk(reservation: { readonly for: string; readonly epoch: number }, changes: Changes): Promise<void> {
    const { leg, context } = this.#parts
    const caller = uuidOf(reservation.for)
    using _joined = joinedBy(leg, caller, () => {
      this.#joined = caller
      this.#tells(caller, 'call.bridged')
    })
    for (;;) {
      changes.seen()
      const agent = await this.#taking.agent(this.#call, this.#agent)
      if (agent?.reservation?.epoch !== reservation.epoch) break
      await changes.next(null)
    }
    this.#aside.set(reservation.for, context.clock.now() + ASIDE_MS)
    leg.expectBack()
    await leg.driven()
  }

  /** In the timeline of the agent's own call. */
  #tells(caller: string, event: 'call.bridged' | 'call.unbridged'): void {
    tellOnce(this.#parts.leg.steps.journal, event, { leg: caller }, { atOnce: true })
  }

  #soonest(): number | null {
    const now = this.#parts.context.clock.now()
    const later = [...this.#aside.values()].filter(at => at > now)
    return later.length > 0 ? Math.min(...later) : null
  }
}

/** Waits for changes of the agent and of callers; one that came since `seen` counts. */
class Changes implements Disposable {
  readonly #clock: Clock
  readonly #gone: AbortSignal
  readonly #listening: Disposable
  #isNew = false
  #wake: () => void = () => {}

  constructor(taking: CallerTaking, agent: string, queue: string | null, leg: Leg, clock: Clock) {
    this.#clock = clock
    this.#gone = goneSignal(leg)
    this.#listening = taking.onChange(agent, queue, () => {
      this.#isNew = true
      this.#wake()
    })
  }

  /** What has changed up to now is about to be read. */
  seen(): void {
    this.#isNew = false
  }

  /** Resolves after a change, at `until` at the latest. Rejects when the leg has ended or moved. */
  async next(until: number | null): Promise<void> {
    this.#gone.throwIfAborted()
    if (this.#isNew) return
    let timer: Timer | undefined
    const gone = () => this.#wake()
    this.#gone.addEventListener('abort', gone, { once: true })
    await new Promise<void>(resolve => {
      this.#wake = resolve
      if (until !== null) timer = this.#clock.after(Math.max(0, until - this.#clock.now()), resolve)
    })
    timer?.cancel()
    this.#gone.removeEventListener('abort', gone)
    this.#gone.throwIfAborted()
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
  }
}

/** When the leg ends, the agent is not on it any more. */
const endsWith = (leg: Leg, taking: CallerTaking, agent: string): void =>
  void leg.ended.then(() => taking.dialOut(agent, leg.uuid))
