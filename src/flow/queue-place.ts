/** A place in a queue, as a flow holds it: opened, asked and given up by steps, so that the caller keeps it whoever drives the call. */
import { ms, type Duration } from '../base/duration.ts'
import type { Entry } from '../journal/entries.ts'
import { goneSignal } from '../call/gone-signal.ts'
import type { Leg } from '../call/leg.ts'
import { endScope } from '../journal/scoped-steps.ts'
import { step } from '../journal/steps.ts'
import type { Place, WaitingCall } from '../queue/place.ts'
import { FlowAgentReservation, type Agent, type SavedAgent } from './agent-reservation.ts'
import { waitsIn } from '../record/call-summary.ts'

/** The queue's view of a call. A place goes along with a call that moves: the signal says which of the two happened. */
export function waitingCall(leg: Leg): WaitingCall {
  return { uuid: leg.uuid, from: leg.arrival.from, signal: goneSignal(leg) }
}

/** The queues that a flow had entered and not left, as far as its journal goes. */
export function queuesEnteredIn(past: readonly Entry[]): string[] {
  const queues = new Set<string>()
  for (const entry of past) {
    if (entry.k !== 'done' || entry.x) continue
    const [, what, queue = ''] = /^(enqueue|place in|keep for callback in) (\S+)/.exec(entry.v) ?? []
    if (what === 'enqueue') queues.add(queue)
    else queues.delete(queue)
  }
  return [...queues]
}

export interface FlowPlace extends AsyncDisposable {
  readonly queue: string
  /** 1 is next; 0 once the caller talks. */
  readonly position: number
  /** Milliseconds since they joined, over all nodes that held the call. */
  readonly waited: number
  hasWaited(duration: Duration): boolean
  /** Aborts when an agent has been promised to this caller: `play(…, { until: place.called })`. A new one for each wait: ask again. */
  readonly called: AbortSignal
  /** Waits for an agent; null when none was free `within` that time. */
  agent(options: { within: Duration }): Promise<Agent | null>
  /** The caller is called back on this number; the place is given up. */
  keepForCallback(number: string): Promise<void>
}

/** What is written of a place that was opened. */
export interface SavedPlace {
  readonly joinedAt: number
  readonly position: number
}

export class QueuePlace implements FlowPlace {
  readonly queue: string
  readonly joinedAt: number
  readonly #leg: Leg
  readonly #taken: (agent: FlowAgentReservation) => void
  readonly #enter: () => Promise<Place>
  readonly #key: string
  readonly #watching: Disposable
  /** Null while a flow is brought back to where it was. */
  #place: Place | null = null
  #given = false
  /** What a step waits for that was asked while the flow was brought back. */
  readonly #calledLater = new AbortController()

  /** `taken` is told of each agent who is given to the caller; `enter` opens the same place once more. */
  constructor(
    leg: Leg,
    queue: string,
    from: Place | SavedPlace,
    taken: (agent: FlowAgentReservation) => void,
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
    if ('again' in from) this.#place = from
  }

  get given(): boolean {
    return this.#given
  }

  /** The place itself, in the house that drives the call now. */
  reopened(place: Place): void {
    this.#place = place
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
      return agent && this.#take(FlowAgentReservation.of(this.#leg, this.queue, agent))
    }
    return step<FlowAgentReservation | null, { until: number }>(this.#leg, {
      verb: `agent of ${this.queue}`,
      intent: () => ({ until: clock.now() + ms(options.within) }), // who takes over waits no longer than was said
      run: ask,
      recover: async intent => {
        // a process that was frozen in a replay may have written the place to its name in the meantime
        if (this.#place?.isMoved) this.reopened(await this.#enter())
        return ask(intent)
      },
      save: agent => agent && { ...agent.saved },
      load: (saved, replay) => {
        if (saved === null) return null
        const agent = new FlowAgentReservation(this.#leg, saved as unknown as SavedAgent, null)
        replay.atEnd(() => agent.reopen(this.#place))
        return this.#take(agent)
      },
    })
  }

  keepForCallback(number: string): Promise<void> {
    return step(this.#leg, {
      verb: `keep for callback in ${this.queue}`,
      run: async () => {
        await this.#place!.keepForCallback(number)
        this.#leg.steps.journal.note({ event: 'callback', queue: this.queue })
      },
      load: () => this.#over(),
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    const give = async () => {
      this.#over()
      const { journal } = this.#leg.steps
      if (this.#leg.phase !== 'ended' && waitsIn(journal.notes, this.queue))
        journal.note({ event: 'left', queue: this.queue })
      await this.#place?.[Symbol.asyncDispose]()
    }
    return endScope(this.#leg, `place in ${this.queue}`, give, () => this.#over())
  }

  #take(agent: FlowAgentReservation): FlowAgentReservation {
    this.#taken(agent)
    return agent
  }

  #over(): void {
    this.#given = true
    this.#watching[Symbol.dispose]()
  }
}
