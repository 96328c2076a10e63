/** Composes the reconciliation (recovery/reconcile.ts) from the parts of a node. Used by node.ts. */
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Leg } from '../call/leg.ts'
import type { CallStore } from '../journal/call-store.ts'
import type { NodeLease } from '../cluster/node-lease.ts'
import type { SwitchRuns } from '../cluster/switch-runs.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import type { Leads } from '../campaign/leads.ts'
import { Reconciler } from '../recovery/reconcile.ts'
import type { CallRecords } from '../record/call-record.ts'
import { endedNodes } from './ended-nodes.ts'
import type { Knock } from '../esl/tcp.ts'
import type { QueueStore } from '../queue/store.ts'
import { closeLostCall, openCalls } from '../store/calls.ts'
import type { Sql } from '../store/sql.ts'

export interface ReconcileOptions {
  node: string
  clock: Clock
  log: Log
  sql: Sql
  records: Pick<CallRecords, 'ended'>
  roster: Roster
  queueStore: QueueStore
  switchboard: Switchboard
  calls: CallStore
  leads: Leads
  lease: NodeLease
  runs: SwitchRuns
  address: string | null
  /** The legs that are connected to this process; empty without the role listener. */
  legs: ReadonlyMap<string, Leg>
  /** True while this process drives the call, or writes the record of its end. */
  drives(uuid: string): boolean
  /** Tries a connection to this address (host:port) and resolves with the result. */
  knock(address: string): Promise<Knock>
  /** True while this process takes over calls of a dead node. */
  takesOver(): boolean
  /** Writes a call that this process drives to the call store again, because the store has lost it. */
  remember(uuid: string): Promise<void>
}

export function reconcile({ legs, drives, remember, lease, knock, sql, ...parts }: ReconcileOptions): Reconciler {
  return new Reconciler({
    ...parts,
    nodes: lease,
    hasEnded: endedNodes(lease, knock),
    rows: { open: () => openCalls(sql), lost: (uuid, at) => closeLostCall(sql, uuid, at) },
    mine: uuid => drives(uuid) || legs.has(uuid),
    legs: () => legs.values(),
    remember,
  })
}
