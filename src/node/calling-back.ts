/** What calls customers back, on a node with the role listener: its parts, put together. */
import { CallbackAttempts, type CallbackAttemptsParts } from '../queue/callbacks/callback-attempts.ts'
import type { CallbackCaller } from '../queue/callbacks/callback-caller.ts'
import { CallbackDesk, type CallbackDeskParts } from '../queue/callbacks/callback-desk.ts'
import type { CallbackTable } from '../queue/callbacks/callback-table.ts'
import { Callbacks, type CallbacksParts } from '../queue/callbacks/callbacks.ts'
import { callbackCalls } from '../flow/callback-calls.ts'
import type { CallbackCalls } from '../flow/callback.ts'

export interface CallingBackOptions
  extends Omit<CallbackAttemptsParts, 'callbacks'>, Pick<CallbackDeskParts, 'places'>, Pick<CallbacksParts, 'country'> {
  readonly table: CallbackTable
}

export class CallingBack implements AsyncDisposable {
  /** For the queues of this node. */
  readonly caller: CallbackCaller
  /** For the flows of this node. */
  readonly calls: CallbackCalls
  readonly #attempts: CallbackAttempts
  readonly #desk: CallbackDesk

  constructor({ table, ...parts }: CallingBackOptions) {
    const callbacks = new Callbacks({ ...parts, table })
    const attempts = new CallbackAttempts({ ...parts, callbacks })
    const desk = new CallbackDesk({ ...parts, callbacks, attempts })
    this.#attempts = attempts
    this.#desk = desk
    this.calls = callbackCalls(callbacks, parts.starts, parts.clock)
    this.caller = {
      agentReserved: (member, agent) => attempts.agentReserved(member, agent),
      turnIsNear: member => attempts.turnIsNear(member),
      requested: () => desk.look(),
    }
  }

  start(): void {
    this.#desk.look()
  }

  /** As CallbackAttempts.presume. */
  presume(...about: Parameters<CallbackAttempts['presume']>): Promise<void> {
    return this.#attempts.presume(...about)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#desk[Symbol.asyncDispose]()
  }
}
