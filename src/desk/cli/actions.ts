/**
 * The actions that the command line calls; src/main.ts passes them in. This file opens no store and no connection to
 * FreeSWITCH.
 */
import type { Roster } from '../../agent/roster.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { DialWakeup } from '../../campaign/dial-wakeup.ts'
import type { QueueStore } from '../../queue/store.ts'
import type { RedisAddress } from '../../store/redis.ts'
import type { Sql } from '../../store/sql.ts'
import type { DialInOptions, DialInParts, DialledIn } from '../../testing/dial-in.ts'
import type { Finding } from '../doctor/finding.ts'
import type { Terminal } from '../terminal.ts'

interface Common {
  readonly clock: Clock
  readonly log: Log
  /** The folder of the flows. */
  readonly scripts: string
}

/** PostgreSQL: calls, campaigns, leads. */
export interface DatabaseStores extends Common {
  readonly sql: Sql
}

/** Redis: queues, agents, jobs. */
export interface RedisStores extends Common {
  readonly redis: RedisAddress
  readonly roster: Roster
  readonly queueStore: QueueStore
  readonly wakeup: DialWakeup
}

/** Both stores, without a node: what supervisors read and write. */
export type DeskStores = DatabaseStores & RedisStores

export interface Actions {
  /** Runs a node; resolves when it has stopped after a signal. */
  run(): Promise<void>
  /** Gives each finding as soon as it is made (desk/doctor.ts). */
  doctor(): AsyncIterable<Finding>
  /** Makes one call from the keyboard and resolves when it is over (testing/dial-in.ts). */
  dialIn(flow: string, telephone: Pick<DialInParts, 'keys' | 'say'>, options: DialInOptions): Promise<DialledIn>
  /**
   * Opens both stores, passes them to `work`, and always closes them. A command that needs one store uses the methods
   * below: the other may be down.
   */
  withStores<T>(work: (stores: DeskStores) => Promise<T>): Promise<T>
  withDatabase<T>(work: (stores: DatabaseStores) => Promise<T>): Promise<T>
  withRedis<T>(work: (stores: RedisStores) => Promise<T>): Promise<T>
}

/** What every command gets. */
export interface Desk {
  readonly actions: Actions
  readonly terminal: Terminal
}
