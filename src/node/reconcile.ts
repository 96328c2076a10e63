/** What a process compares what is written down with, and puts right: the reconciler, over the parts of a node. */
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
  /** Of this process's door; none without one. */
  legs: ReadonlyMap<string, Leg>
  /** Does this process drive the call, or write down its end? */
  drives(uuid: string): boolean
  /** What comes of a connection to this address (host:port)? */
  knock(address: string): Promise<Knock>
  /** Are calls of a dead node coming to this process's door? */
  takesOver(): boolean
  /** The memory of all nodes has lost a call that is driven here. */
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
