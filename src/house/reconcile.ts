/** What a process compares what is written down with, and puts right: the reconciler, over the parts of a node. */
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Leg } from '../call/leg.ts'
import type { CallStore } from '../call/ownership.ts'
import type { NodeLease } from '../call/node-lease.ts'
import type { Runs } from '../call/runs.ts'
import type { Switchboard } from '../call/switchboard.ts'
import type { LeadDesk } from '../campaign/lead.ts'
import { Reconciler } from '../flow/reconcile.ts'
import type { CallRecords } from '../flow/call-record.ts'
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
  leads: LeadDesk
  presence: NodeLease
  runs: Runs
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

export function reconcile({ legs, drives, remember, presence, knock, sql, ...parts }: ReconcileOptions): Reconciler {
  return new Reconciler({
    ...parts,
    nodes: presence,
    hasEnded: endedNodes(presence, knock),
    rows: { open: () => openCalls(sql), lost: (uuid, at) => closeLostCall(sql, uuid, at) },
    mine: uuid => drives(uuid) || legs.has(uuid),
    legs: () => legs.values(),
    remember,
  })
}
