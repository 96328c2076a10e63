/**
 * A promised callback whose first telephone has answered, as its flow sees it, and the code that runs such a flow. On
 * an agent's line the agent is the one whom the queue has reserved for the place of the callback; the customer is
 * called from here. On the customer's line the flow enters the queue and gets the kept place. Used by run.ts.
 */
import { isOpen, type Hours } from '../base/hours.ts'
import { CallEnded, CallRedirected, InputError } from '../base/errors.ts'
import { isUnavailable, retry, RETRY } from '../base/retry.ts'
import type { DialOptions, Party } from '../call/call.ts'
import { movedSignal } from '../call/gone-signal.ts'
import { prolonged } from '../call/prolonged.ts'
import { endScope } from '../journal/scoped-steps.ts'
import { dispositionIn } from '../journal/said.ts'
import { step } from '../journal/steps.ts'
import { AgentReservation, type SavedReservation } from '../queue/agent-reservation.ts'
import { isCallbackEnd, type CallbackEnd } from '../queue/callbacks/callback-ends.ts'
import { unreached } from '../call/verbs/dial.ts'
import type { Place } from '../queue/place.ts'
import type { WaitingCall } from '../queue/place-context.ts'
import type { Queues } from '../queue/queues.ts'
import { tellReservation } from './agent-reservations.ts'
import { findAttempt } from './find-attempt.ts'
import type { FlowCall } from './flow-call.ts'
import { waitingCall } from './queue-place.ts'

/** The reserved agent is on the line already: nothing is waited for but the stores. */
const AGENT_WITHIN = '2s'

/** The calling hours were over before the customer was called. */
interface Closed extends AsyncDisposable {
  readonly leg?: undefined
  readonly outcome: 'closed'
}
const CLOSED: Closed = { outcome: 'closed', async [Symbol.asyncDispose]() {} }

/**
 * The promised callback of this call: the second parameter of a callbackFlow.
 *
 * @example
 * export default callbackFlow(async (call, callback) => {
 *   if (callback.called === 'customer') return 'not-taken'
 *   await using party = await callback.dial()
 *   if (!party.leg) return party.outcome
 *   return (await call.join(party.leg)) === 'talked' ? 'talked' : 'hung-up'
 * })
 */
export interface Callback {
  /** The customer's number. */
  readonly number: string
  /** The queue in which the customer has a place. */
  readonly queue: string
  /** Who is on this line: the agent who is to talk with the customer, or the customer. */
  readonly called: 'agent' | 'customer'
  /** The name of the agent on this line; null on the customer's. */
  readonly agent: string | null
  /** When it was promised, milliseconds since the epoch. */
  readonly promisedAt: number
  /**
   * On the agent's line: calls the customer, in the calling hours of the queue. Resolves as call.dial does, and with
   * the outcome 'closed' when the hours are over. Then join the leg: the agent's state follows from that.
   *
   * @example
   * await using party = await callback.dial()
   * if (!party.leg) return party.outcome
   */
  dial(options?: DialOptions): Promise<Party | Closed>
}

/** A callback that a call is an attempt of. */
interface FoundCallback {
  readonly number: string
  readonly queue: string
  readonly called: 'agent' | 'customer'
  readonly promisedAt: number
  /** Null: at any time. */
  readonly hours: Hours | null
}

/** The store of callbacks, as the flows of their calls need it. */
export interface CallbackCalls {
  /** Null when no open attempt has this uuid. Rejects when the store is unavailable. May be called again. */
  find(uuid: string): Promise<FoundCallback | null>
  /**
   * Waits until the customer may be called at the FreeSWITCH of this name, by the limit of calls per second. False
   * after 5 s. Rejects when the store is unavailable.
   */
  mayCall(at: string): Promise<boolean>
  /** The first end of an attempt counts. */
  settle(uuid: string, end: CallbackEnd, agent: string | null): Promise<void>
}

interface RunParts {
  readonly callbacks?: CallbackCalls | undefined
  readonly queues: Queues
}

/** Runs the flow, and settles the attempt. Resolves with the outcome of the call. */
export async function runCallback(
  flow: (call: FlowCall, callback: Callback) => Promise<CallbackEnd>,
  call: FlowCall,
  { callbacks, queues }: RunParts,
): Promise<string> {
  const { leg, context } = call
  const store = callbacks
  const found = store && (await findAttempt(call, () => store.find(call.uuid)))
  if (!store || !found) {
    const said = dispositionIn(leg.steps.journal.notes)
    if (said !== null) return said // noted by a node that died before it hung up
    context.log.warn(
      { uuid: call.uuid, flow: leg.arrival.path },
      'a call reached a callback flow and is no open attempt of a callback; it is hung up',
    )
    return 'no-attempt'
  }
  const callback = new FlowCallback(call, found, queues, store)
  let end: CallbackEnd = 'error'
  try {
    end = (await callback.begins()) ? await flow(call, callback) : 'not-taken'
    if (!isCallbackEnd(end)) {
      const said = String(end)
      end = 'error'
      throw new InputError(
        `flow '${leg.arrival.path}' returned '${said}': return how the attempt of the callback ended`,
      )
    }
  } catch (error) {
    if (error instanceof CallEnded || error instanceof CallRedirected) end = callback.endOfLine
    throw error
  } finally {
    await callback.leaves(end)
    if (!leg.steps.replaying) await callback.conclude(end) // else the script has changed and the flow restarts
  }
  return end
}

class FlowCallback implements Callback {
  readonly number: string
  readonly queue: string
  readonly called: 'agent' | 'customer'
  readonly promisedAt: number
  readonly #call: FlowCall
  readonly #hours: Hours | null
  readonly #queues: Queues
  readonly #store: CallbackCalls
  #place: Place | null = null
  #agent: AgentReservation | null = null
  #reserved: Disposable | null = null

  constructor(
    call: FlowCall,
    { number, queue, called, promisedAt, hours }: FoundCallback,
    queues: Queues,
    store: CallbackCalls,
  ) {
    this.number = number
    this.queue = queue
    this.called = called
    this.promisedAt = promisedAt
    this.#call = call
    this.#hours = hours
    this.#queues = queues
    this.#store = store
  }

  get agent(): string | null {
    return this.#agent?.name ?? null
  }

  /** False on the line of an agent whose reservation is over: somebody else may be called for this place. */
  async begins(): Promise<boolean> {
    if (this.called === 'customer') return true
    const { leg } = this.#call
    this.#agent = await step<AgentReservation | null>(leg, {
      verb: 'agent',
      args: ['callback'],
      run: async () => {
        const agent = await (await this.#enter()).agent({ within: AGENT_WITHIN })
        if (agent) tellReservation(leg, this.queue, agent)
        return agent
      },
      save: agent => agent && { ...agent.saved },
      load: (saved, replay) => {
        if (saved === null) return null
        const agent = new AgentReservation(this.#onLine, saved as unknown as SavedReservation)
        replay.atEnd(async () => (await this.#enter()).resume(agent))
        return agent
      },
    })
    if (this.#agent) this.#reserved = prolonged(this.#agent, this.#call.leg, this.#call.context)
    return this.#agent !== null
  }

  async dial(options: DialOptions = {}): Promise<Party | Closed> {
    const agent = this.#agent
    if (!agent) throw new InputError('callback.dial: the customer is on this line; an agent comes from call.enqueue')
    if (this.#hours && !isOpen(this.#hours, this.#call.now())) return CLOSED
    if (!(await this.#mayCall())) return unreached('refused')
    await this.#noteTry()
    const party = await this.#call.dial(this.number, options)
    if (party.leg) this.#call.reservations.reached(agent, party.leg)
    return party
  }

  /** The limit of calls per second. True for a customer whose telephone may have rung already. */
  async #mayCall(): Promise<boolean> {
    const { leg, context, uuid } = this.#call
    if (leg.steps.replaying || this.#hasTried) return true
    const may = await this.#store.mayCall(context.switchOf(leg).name).catch((error: Error) => {
      if (!isUnavailable(error)) throw error
      context.log.warn(
        { uuid, error: error.message },
        'the limit of calls per second could not be read; the customer of a callback is called later',
      )
      return false
    })
    leg.signal.throwIfAborted()
    if (leg.phase === 'moved') await new Promise<never>(() => {}) // the next node calls the customer
    return may
  }

  /**
   * From now on the customer's telephone may ring: whatever becomes of this node, a try is used up. The flow's own word
   * comes later and counts instead.
   */
  async #noteTry(): Promise<void> {
    const { journal, replaying } = this.#call.leg.steps
    if (replaying || this.#hasTried) return
    journal.note({ kind: 'disposition', disposition: 'cancelled' satisfies CallbackEnd })
    await journal.write()
  }

  get #hasTried(): boolean {
    return dispositionIn(this.#call.leg.steps.journal.notes) !== null
  }

  /** The person on this line has hung up, or was sent elsewhere. */
  get endOfLine(): CallbackEnd {
    if (this.#call.summary.talkMs !== null) return 'talked'
    if (this.called === 'customer') return 'hung-up'
    return this.#hasTried ? 'cancelled' : 'not-taken'
  }

  /** On the agent's line: gives the place up, and releases an agent who has not talked. */
  async leaves(end: CallbackEnd): Promise<void> {
    if (this.called === 'customer') return
    this.#reserved?.[Symbol.dispose]()
    const leave = async () => this.#place?.leave(end === 'not-taken' ? 'declined' : 'caller-left')
    await endScope(this.#call.leg, ['callback'], leave, () => {})
  }

  /**
   * Resolves when the end is in the journal. PostgreSQL is written behind the call; the journal stays until that is
   * done.
   */
  async conclude(end: CallbackEnd): Promise<void> {
    const { leg, context, uuid } = this.#call
    const { journal } = leg.steps
    const agent = this.#call.summary.agent ?? this.agent
    journal.note({ kind: 'disposition', disposition: end, ...(agent !== null && { agent }) })
    await journal.write()
    const { clock, log } = context
    this.#call.settled = retry(() => this.#store.settle(uuid, end, agent), {
      clock,
      policy: RETRY.attemptSettled,
    }).then(
      () => true,
      (error: Error) => {
        log.error({ uuid, error: error.message }, 'a callback could not be settled; reconciliation settles it')
        return false
      },
    )
  }

  /** A hang-up of the agent is not one of the customer whose place this is: only a takeover ends it here. */
  get #onLine(): WaitingCall {
    const { leg } = this.#call
    return { ...waitingCall(leg), from: this.number, signal: movedSignal(leg) }
  }

  async #enter(): Promise<Place> {
    return (this.#place ??= await this.#queues.enter(this.#onLine, this.queue))
  }
}
