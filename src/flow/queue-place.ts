/**
 * A caller's place in a queue, as a flow holds it. Entering, waiting for an agent and leaving are steps in the journal,
 * so the caller keeps the place when another node takes the call over. Used by flow-call.ts; the queue's own side is
 * queue/place.ts.
 */
import { ms, type Duration } from '../base/duration.ts'
import { phoneNumber } from '../esl/phone-number.ts'
import { eventsIn } from '../journal/call-events.ts'
import type { Entry } from '../journal/entries.ts'
import { goneSignal } from '../call/gone-signal.ts'
import type { Leg } from '../call/leg.ts'
import { endScope } from '../journal/scoped-steps.ts'
import { step } from '../journal/steps.ts'
import { AgentReservation, type SavedReservation } from '../queue/agent-reservation.ts'
import type { Place } from '../queue/place.ts'
import type { WaitingCall } from '../queue/place-context.ts'
import { tellReservation, type Agent } from './agent-reservations.ts'
import { waitOf } from '../record/call-summary.ts'

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

/** The queues that a flow had entered and not left, by its journal. */
export function queuesEnteredIn(past: readonly Entry[]): string[] {
  const queues = new Set<string>()
  for (const entry of past) {
    if (entry.k !== 'done' || entry.x) continue
    const [first = '', second = ''] = entry.args ?? []
    if (entry.verb === 'enqueue') queues.add(first)
    else if (entry.verb === 'callback') queues.delete(first)
    else if (entry.verb === 'end' && first === 'place') queues.delete(second)
  }
  return [...queues]
}

/**
 * A caller's place in a queue, from call.enqueue(). The caller keeps it until its scope ends, also while agents are
 * dialled and while another node takes the call over.
 *
 * @example
 * await using place = await call.enqueue('support')
 * while (true) {
 *   await using agent = await place.agent({ within: '45s' })
 *   if (agent) break
 *   await call.play(['queue/position', number(place.position)], { until: place.called })
 * }
 */
export interface FlowPlace extends AsyncDisposable {
  /** The name of the queue that the flow entered, also after its callers were moved to another queue. */
  readonly queue: string
  /** 1 is next; 0 once the caller talks. As of the last verb. */
  readonly position: number
  /** Milliseconds since the caller entered the queue, over all nodes that drove the call. As of the last verb. */
  readonly waited: number
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
   * Waits for an agent. Resolves with the agent, who is reserved for this caller; with null when none was free `within`
   * that time. Rejects with CallEnded when the caller hangs up.
   *
   * @example await using agent = await place.agent({ within: '45s' })
   */
  agent(options: { within: Duration }): Promise<Agent | null>
  /**
   * Keeps this number for a call back (`switchhook queue callbacks`) and gives the place up. Switchhook does not dial
   * it by itself. Resolves when it is stored. Rejects with CallEnded when the caller hangs up, and after 8 s when the
   * queues are unavailable. Throws InputError, and the caller keeps the place, for a number that cannot be dialled.
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
}

/** The part of an offer that the journal keeps: `others` ring at the same time. */
type SavedOffer = SavedReservation & { readonly others?: readonly SavedReservation[] }

export class QueuePlace implements FlowPlace {
  readonly queue: string
  readonly joinedAt: number
  readonly #leg: Leg
  readonly #taken: (agent: AgentReservation) => void
  readonly #enter: () => Promise<Place>
  readonly #key: string
  readonly #watching: Disposable
  /** Null during a replay. */
  #place: Place | null = null
  #given = false
  /** The signal `called` of a replay: a flow that read it then gets the abort of the reopened place. */
  readonly #calledLater = new AbortController()

  /** Calls `taken` with each agent who is reserved for the caller; `enter` opens the same place again. */
  constructor(
    leg: Leg,
    queue: string,
    from: Place | SavedPlace,
    taken: (agent: AgentReservation) => void,
    enter: () => Promise<Place>,
  ) {
    this.#leg = leg
    this.#enter = enter
    this.queue = queue
    this.joinedAt = from.joinedAt
    this.#taken = taken
    this.#key = `position in ${queue}`
    const { position } = from
    this.#watching = leg.steps.journal.watch(this.#key, () => this.#place?.position ?? position)
    if ('resume' in from) this.#place = from
  }

  get given(): boolean {
    return this.#given
  }

  /** The replay is through: `place` is the same place, opened on this node. */
  reopened(place: Place): void {
    this.#place = place
    const { journal } = this.#leg.steps
    // the queue was removed while no node drove the call
    if (place.queue !== this.queue && waitOf(eventsIn(journal.notes))?.queue === this.queue)
      journal.tell('queue.call.entered', { queue: place.queue, movedFrom: this.queue })
    const { called } = place
    if (called.aborted) this.#calledLater.abort(called.reason)
    else called.addEventListener('abort', () => this.#calledLater.abort(called.reason), { once: true })
  }

  get position(): number {
    return this.#leg.steps.journal.seen<number>(this.#key)
  }
  get waited(): number {
    return this.#leg.steps.journal.at - this.joinedAt
  }
  hasWaited(duration: Duration): boolean {
    return this.waited >= ms(duration)
  }
  get called(): AbortSignal {
    return this.#place?.called ?? this.#calledLater.signal
  }

  agent(options: { within: Duration }): Promise<Agent | null> {
    const { clock } = this.#leg.steps.journal
    const ask = async ({ until }: { until: number }) => {
      const agent = await this.#place!.agent({ within: `${Math.max(0, until - clock.now())}ms` })
      if (!agent) return null
      for (const one of [agent, ...agent.others]) tellReservation(this.#leg, this.#place!.queue, one)
      return this.#take(agent)
    }
    return step<AgentReservation | null, { until: number }>(this.#leg, {
      verb: 'agent',
      args: [this.queue],
      intent: () => ({ until: clock.now() + ms(options.within) }), // the next node waits no longer than that
      run: ask,
      recover: async intent => {
        // a process that was frozen during a replay may have taken the place meanwhile
        if (this.#place?.isMoved) this.reopened(await this.#enter())
        return ask(intent)
      },
      save: agent =>
        agent && {
          ...agent.saved,
          ...(agent.others.length > 0 && { others: agent.others.map(one => ({ ...one.saved })) }),
        },
      load: (saved, replay) => {
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
        await this.#place!.keepForCallback(number)
        this.#leg.steps.journal.tell('queue.call.callback_requested', { queue: this.#place!.queue })
      },
      load: () => this.#over(),
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    const give = async () => {
      this.#over()
      const { journal } = this.#leg.steps
      const { queue } = this.#place ?? this
      if (this.#leg.phase !== 'ended' && waitOf(eventsIn(journal.notes))?.queue === queue)
        journal.tell('queue.call.left', { queue })
      await this.#place?.[Symbol.asyncDispose]()
    }
    return endScope(this.#leg, ['place', this.queue], give, () => this.#over())
  }

  #take(agent: AgentReservation): AgentReservation {
    for (const one of [agent, ...agent.others]) this.#taken(one)
    return agent
  }

  #over(): void {
    this.#given = true
    this.#watching[Symbol.dispose]()
  }
}
