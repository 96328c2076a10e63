/** The operations that flows perform: all of them, as a supervisor, by the door `flow`. */
import type { Clock } from '../base/clock.ts'
import { InputError, Refusal } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { CallSettings, Operate, Telephones } from '../call/call-context.ts'
import type { NodeLease } from '../cluster/node-lease.ts'
import type { Events } from '../events/events.ts'
import type { CallStore } from '../journal/call-store.ts'
import { OPERATIONS } from '../operations/all.ts'
import type { CallAct } from '../operations/call-act.ts'
import type { NodeParts } from '../operations/operation.ts'
import { perform } from '../operations/perform.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import type { CallActs } from './call-acts.ts'
import { liveCalls } from './live-calls.ts'
import { ThirdLegs } from './third-legs.ts'

/** What operations need beside the live calls. */
export interface OperationParts extends Omit<NodeParts, 'node' | 'clock' | 'log' | 'events'> {
  /** Asks another node (node-requests.ts). */
  ask(node: string, act: CallAct): Promise<void>
}

export interface FlowOperationsParts {
  readonly operations: OperationParts
  readonly switchboard: Switchboard
  readonly node: string
  readonly calls: CallStore
  readonly lease: NodeLease
  readonly telephones: Telephones
  readonly settings: CallSettings
  readonly clock: Clock
  readonly log: Log
  readonly events: Events
  acts(): CallActs
}

export function flowOperations({ operations, lease, settings, ...live }: FlowOperationsParts): Operate {
  const { callerId, ringForMs, gateway } = settings
  const { ask, ...stores } = operations
  const { clock, log, events } = live
  const node = liveCalls({
    ...live,
    ask,
    isAlive: name => lease.isAlive(name),
    beside: new ThirdLegs({ ...live, callerId, ringForMs, gateway }),
    dial: async () => {
      throw new Refusal('WRONG_STATE', 'a flow dials by itself: call.dial()')
    },
  })
  return async (name, input, who) => {
    const operation = OPERATIONS.find(one => one.name === name)
    if (!operation) throw new InputError(`no operation is called '${name}'; docs/operations.md lists them`)
    const parts = { ...stores, clock, log, events, node }
    return perform(operation, parts, input, { who, door: 'flow', role: 'supervisor' })
  }
}
