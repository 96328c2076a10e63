/**
 * A caller's place in a queue, as a flow holds it. Entering, waiting for an agent and leaving are steps in the journal,
 * so the caller keeps the place when another node takes the call over. Used by flow-call.ts; the queue's own side is
 * queue/place.ts.
 */
import { ms, type Duration } from '../base/duration.ts'
import { phoneNumber } from '../esl/phone-number.ts'
import type { Dial } from '../esl/safe-text.ts'
import { eventsIn } from '../journal/call-events.ts'
import { InputError } from '../base/errors.ts'
import type { Entry, Json } from '../journal/entries.ts'
import { goneSignal } from '../call/gone-signal.ts'
import type { Leg } from '../call/leg.ts'
import { endScope } from '../journal/scoped-steps.ts'
import { step } from '../journal/steps.ts'
import { AgentReservation, type SavedReservation } from '../queue/agent-reservation.ts'
import type { Place } from '../queue/place.ts'
import type { WaitingCall } from '../queue/place-context.ts'
import { tellReservation, type Agent } from './agent-reservations.ts'
import { waitOf } from '../record/call-summary.ts'
import type { Refused } from '../queue/admission.ts'
import type { Overflow, Reason } from '../queue/overflow.ts'
import { overflowOf, waitingSetting } from '../queue/waiting-rules.ts'
import type { WaitingGiven } from '../queue/waiting-settings.ts'
import type { QueueSounds } from './queue-sounds.ts'

/**
 * The queue's view of a call. The signal's reason says whether the call ended (the place ends) or moved (the place goes
 * along).
 */
export function waitingCall(leg: Leg): WaitingCall {
  return {
    uuid: leg.uuid,
    from: leg.arrival.from,
    signal: goneSignal(leg),
    movedTo: (queue, movedFrom) => leg.steps.journal.tell('queue.call.entered', { queue, movedFrom }),
    endScope: (scope, close, closed) => endScope(leg, scope, close, closed),
  }
}

const isRefused = (saved: Json | undefined): boolean => Object(saved).refused !== undefined

/** The queues that a flow had entered and not left, by its journal. */
export function queuesEnteredIn(past: readonly Entry[]): string[] {
  const queues = new Set<string>()
  for (const entry of past) {
    if (entry.k !== 'done' || entry.x) continue
    const [first = '', second = ''] = entry.args ?? []
    if (entry.verb === 'enqueue' && !isRefused(entry.r)) queues.add(first)
    else if (entry.verb === 'callback') queues.delete(first)
    else if (entry.verb === 'end' && first === 'place') queues.delete(second)
  }
  return [...queues]
}

/** Why a caller leaves a queue without an agent, or was not let in, and what its settings say for that. */
export interface Exit {
  readonly why: Reason
  /** The exit key that the caller pressed. */
  readonly key: string | null
  /** Where the caller goes: the setting for this reason, such as whenMaxWait. */
  readonly overflow: Overflow
  /** The sound for this reason, such as that of busySound; '': none. */
  readonly sound: string
}

/**
 * A caller's place in a queue, from call.enqueue(). The caller keeps it until its scope ends, also while agents are
 * dialled and while another node takes the call over. While the caller waits, the music and the announcements of the
 * queue's settings are heard, except during a verb that plays or listens.
 *
 * @example
 * await using place = await call.enqueue('support')
 * while (true) {
 *   await using agent = await place.agent()
 *   if (agent && (await agentTalk(call, agent, 'support'))) return 'talked'
 *   if (place.exit) return await leaveQueue(call, place)
 * }
 */
export interface FlowPlace extends AsyncDisposable {
  /** The name of the queue that the flow entered, also after its callers were moved to another queue. */
  readonly queue: string
  /** 1 is next; 0 once the caller talks, and for a caller who was not let in. As of the last verb. */
  readonly position: number
  /** Milliseconds since the caller entered the queue, over all nodes that drove the call. As of the last verb. */
  readonly waited: number
  /**
   * How long the caller will wait from now on, in milliseconds; null while that is not known well enough (20 talks and
   * an agent who is present are needed). Only in a queue with announceEstimate or maxEstimate. As of the last verb.
   */
  readonly estimate: number | null
  /**
   * Why the last agent() had none: the caller leaves the queue, or was not let in by call.enqueue(). Null: an agent
   * came, or `within` has passed. Each reason is told once: a flow that asks for an agent again lets the caller wait
   * on.
   */
  readonly exit: Exit | null
  /** Milliseconds that the caller keeps in the next queue: `call.enqueue(next, { after: place })`. */
  readonly keptTime: number
  /**
   * True when the caller has waited this long, such as '2m'. Throws InputError (BAD_INPUT) for anything that is not a
   * number with a unit.
   *
   * @example if (place.hasWaited('2m')) await offerCallback(call)
   */
  hasWaited(duration: Duration): boolean
  /**
   * Aborts when an agent has been reserved for this caller. Each wait has a new signal, so read the property again for
   * each.
   *
   * @example await call.play('queue/position', { until: place.called })
   */
  readonly called: AbortSignal
  /**
   * Waits for an agent. Resolves with the agent, who is reserved for this caller; with null when the caller leaves the
   * queue (`exit` says why), or when no agent was free `within` that time. Rejects with CallEnded when the caller hangs
   * up, and with InputError when a caller who was not let in asks a second time.
   *
   * @example await using agent = await place.agent({ within: '45s' })
   */
  agent(options?: { readonly within?: Duration }): Promise<Agent | null>
  /**
   * Keeps this number for a callback (`switchhook queue callbacks`) and gives the place up. The callback has the place
   * from then on: in its turn the flow `callback` calls the number. A caller who was not let in gets the last place.
   * Resolves when it is stored. Rejects with CallEnded when the caller hangs up, and after 8 s when the queues are
   * unavailable. Throws InputError, and the caller keeps the place, for a number that cannot be dialled.
   *
   * @example
   * const number = dialable(call.from)
   * if (number !== null) await place.keepForCallback(number)
   */
  keepForCallback(number: string): Promise<void>
}

/** The part of a place that the journal keeps. */
export interface SavedPlace {
  readonly joinedAt: number
  readonly position: number
  readonly headStartMs?: number
  readonly priority?: number
  /** The sound that the caller hears first; absent: none. */
  readonly welcome?: string
  /** The caller was not let in. */
  readonly refused?: Exit & { readonly keepsTime: boolean }
}

interface PlaceParts {
  readonly leg: Leg
  readonly queue: string
  readonly sounds: QueueSounds
  /** Is told of each agent who is reserved for the caller. */
  readonly taken: (agent: AgentReservation) => void
  /** Keeps the number of a caller who was not let in. */
  readonly keepNumber: (number: Dial) => Promise<void>
  /** Opens the same place again. */
  readonly enter: (saved: SavedPlace) => Promise<Place>
}

/** The part of an offer that the journal keeps: `others` ring at the same time. */
type SavedOffer = SavedReservation & { readonly others?: readonly SavedReservation[] }

export class QueuePlace implements FlowPlace {
  readonly queue: string
  readonly saved: SavedPlace
  readonly #parts: PlaceParts
  readonly #leg: Leg
  readonly #watching: readonly Disposable[]
  /** Null during a replay, and for a caller who was not let in. */
  #place: Place | null = null
  #given = false
  /** The signal `called` of a replay: a flow that read it then gets the abort of the reopened place. */
  readonly #calledLater = new AbortController()
  #left: Exit | null = null
  /** The reasons to leave that the flow knows. */
  readonly #ignored = new Set<Reason>()
  #asked = 0

  /** `place`: null in a replay. */
  constructor(parts: PlaceParts, saved: SavedPlace, place: Place | null = null) {
    const { leg, queue } = parts
    this.#parts = parts
    this.#leg = leg
    this.queue = queue
    this.saved = saved
    const { journal } = leg.steps
    const watch = (what: Watched, look: () => Json) => journal.watch(`${what} in ${queue}`, look)
    this.#watching = [
      watch('position', () => this.#place?.position ?? saved.position),
      watch('estimate', () => this.#place?.estimate ?? null),
      watch('exit', () => this.#left && { ...this.#left }),
    ]
    if (place) this.#has(place)
  }

  get given(): boolean {
    return this.#given
  }

  /** The replay is through: `place` is the same place, opened on this node. */
  reopened(place: Place): void {
    this.#has(place)
    const { journal } = this.#leg.steps
    // the queue was removed while no node drove the call
    if (place.queue !== this.queue && waitOf(eventsIn(journal.notes))?.queue === this.queue)
      journal.tell('queue.call.entered', { queue: place.queue, movedFrom: this.queue })
    const { called } = place
    if (called.aborted) this.#calledLater.abort(called.reason)
    else called.addEventListener('abort', () => this.#calledLater.abort(called.reason), { once: true })
  }

  /** The welcome is over: the caller hears music and announcements from here on. */
  opensSounds(): void {
    this.#parts.sounds.open()
  }

  get position(): number {
    return this.#seen('position')
  }
  get waited(): number {
    return this.#leg.steps.journal.at - this.saved.joinedAt
  }
  get estimate(): number | null {
    return this.#seen('estimate')
  }
  get exit(): Exit | null {
    return this.saved.refused ?? this.#seen('exit')
  }
  get keptTime(): number {
    const { headStartMs = 0, refused } = this.saved
    const keeps = refused?.keepsTime ?? waitingSetting(this.#place?.settings ?? {}, 'overflowKeepsTime')
    return keeps ? headStartMs + (refused ? 0 : this.waited) : 0
  }
  hasWaited(duration: Duration): boolean {
    return this.waited >= ms(duration)
  }
  get called(): AbortSignal {
    return this.#place?.called ?? this.#calledLater.signal
  }

  async agent({ within }: { readonly within?: Duration } = {}): Promise<Agent | null> {
    if (this.saved.refused) return this.#askedAlthoughRefused(this.saved.refused.why)
    const { clock } = this.#leg.steps.journal
    return step<AgentReservation | null, { until: number | null }>(this.#leg, {
      verb: 'agent',
      args: [this.queue],
      // the next node waits no longer than that
      intent: () => ({ until: within === undefined ? null : clock.now() + ms(within) }),
      run: intent => this.#ask(intent),
      recover: async intent => {
        // a process that was frozen during a replay may have taken the place meanwhile
        if (this.#place?.isMoved) this.reopened(await this.#parts.enter(this.saved))
        return this.#ask(intent)
      },
      later: agent => agent !== null, // the dial follows; until then the agent stays reserved, and is found again
      save: agent =>
        agent && {
          ...agent.saved,
          ...(agent.others.length > 0 && { others: agent.others.map(one => ({ ...one.saved })) }),
        },
      load: (saved, replay) => {
        this.#knows((this.#left = this.#seen('exit')))
        if (saved === null) return null
        const { others = [], ...first } = saved as unknown as SavedOffer
        const [agent, ...more] = [first, ...others].map(one => new AgentReservation(waitingCall(this.#leg), one))
        agent!.ringsWith(more)
        for (const one of [agent!, ...more]) replay.atEnd(async () => this.#place?.resume(one))
        return this.#take(agent!)
      },
    })
  }

  keepForCallback(written: string): Promise<void> {
    const number = phoneNumber(written)
    return step(this.#leg, {
      verb: 'callback',
      args: [this.queue],
      run: async () => {
        const place = this.#place
        await (place ? place.keepForCallback(number) : this.#parts.keepNumber(number))
        this.#leg.steps.journal.tell('queue.call.callback_requested', { queue: (place ?? this).queue })
      },
      load: () => this.#over(),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.saved.refused) return this.#over()
    const give = async () => {
      this.#over()
      const { journal } = this.#leg.steps
      const { queue } = this.#place ?? this
      const why = this.exit?.why
      if (this.#leg.phase !== 'ended' && waitOf(eventsIn(journal.notes))?.queue === queue)
        journal.tell('queue.call.left', { queue, ...(why && { why }) })
      await this.#parts.sounds.close()
      await this.#place?.[Symbol.asyncDispose]()
    }
    return endScope(this.#leg, ['place', this.queue], give, () => this.#over())
  }

  async #ask({ until }: { until: number | null }): Promise<AgentReservation | null> {
    const place = this.#place!
    const { clock } = this.#leg.steps.journal
    const left: Duration | undefined = until === null ? undefined : `${Math.max(0, until - clock.now())}ms`
    this.#left = null
    using _keys = waitingSetting(place.settings, 'exitKeys') === '' ? null : this.#leg.onKey(key => place.press(key))
    const agent = await place.agent({ within: left, ignored: this.#ignored })
    if (!agent) {
      const { leaves } = place
      this.#left = leaves && exitFor(place.settings, leaves.why, leaves.key)
      this.#knows(this.#left)
      return null
    }
    for (const one of [agent, ...agent.others]) tellReservation(this.#leg, place.queue, one)
    return this.#take(agent)
  }

  /** The flow is told this reason: it does not send the caller away again. */
  #knows(exit: Exit | null): void {
    if (exit && exit.why !== 'exit-key') this.#ignored.add(exit.why)
  }

  #askedAlthoughRefused(why: Reason): null {
    if (this.#asked++ === 0) return null
    throw new InputError(
      `the queue ${this.queue} did not let the caller in (${why}), and the flow asks for an agent again: look at place.exit after agent()`,
    )
  }

  #has(place: Place): void {
    this.#place = place
    this.#parts.sounds.has(place)
  }

  #seen<T extends Json>(what: Watched): T {
    return this.#leg.steps.journal.seen<T>(`${what} in ${this.queue}`)
  }

  #take(agent: AgentReservation): AgentReservation {
    for (const one of [agent, ...agent.others]) this.#parts.taken(one)
    if (agent.saved.addsAgents) agent.growsBy(over => this.#another(agent, over))
    return agent
  }

  /** One more agent whom the strategy offers while the telephone of this one rings: a step, for the replay. */
  #another(first: AgentReservation, over: AbortSignal): Promise<AgentReservation | null> {
    return step<AgentReservation | null>(this.#leg, {
      verb: 'another-agent',
      args: [this.queue],
      run: async () => {
        const known = [first, ...first.others].map(one => one.offer)
        const agent = await this.#place!.another(known, over)
        if (!agent) return null
        tellReservation(this.#leg, this.#place!.queue, agent)
        this.#parts.taken(agent)
        return agent
      },
      save: agent => agent && { ...agent.saved },
      load: (saved, replay) => {
        if (saved === null) return null
        const agent = new AgentReservation(waitingCall(this.#leg), saved as unknown as SavedReservation)
        replay.atEnd(async () => this.#place?.resume(agent))
        this.#parts.taken(agent)
        return agent
      },
    })
  }

  #over(): void {
    this.#given = true
    for (const watched of this.#watching) watched[Symbol.dispose]()
  }
}

type Watched = 'position' | 'estimate' | 'exit'

const exitFor = (settings: WaitingGiven, why: Reason, key: string | null = null): Exit => ({
  why,
  key,
  ...overflowOf(settings, why),
})

/** The caller was not let in. */
export const refusedPlace = ({ why, settings }: Refused, now: number, headStartMs: number): SavedPlace => ({
  joinedAt: now,
  position: 0,
  headStartMs,
  refused: { ...exitFor(settings, why), keepsTime: waitingSetting(settings, 'overflowKeepsTime') },
})

export function savedPlace({ joinedAt, position, headStartMs, priority, settings }: Place): SavedPlace {
  const welcome = waitingSetting(settings, 'welcomeSound')
  return {
    joinedAt,
    position,
    headStartMs,
    ...(priority !== undefined && { priority }),
    ...(welcome !== '' && { welcome }),
  }
}
