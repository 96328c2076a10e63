/** What the command line needs of the house; src/main.ts gives it. Here are no stores and no switch, only the asking for them. */
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

/** What is in PostgreSQL: calls, campaigns, leads. */
export interface DatabaseStores extends Common {
  readonly sql: Sql
}

/** What is in Redis: queues, agents, jobs. */
export interface RedisStores extends Common {
  readonly redis: RedisAddress
  readonly roster: Roster
  readonly queueStore: QueueStore
  readonly wakeup: DialWakeup
}

/** The house without a node: what supervisors read and write. */
export type DeskStores = DatabaseStores & RedisStores

export interface Actions {
  /** A node at work; resolves when it was told to stop and has. */
  run(): Promise<void>
  /** See desk/doctor.ts: each finding as soon as it is made. */
  doctor(): AsyncIterable<Finding>
  /** See testing/dial-in.ts: one call from the keyboard, until it is over. */
  dialIn(flow: string, telephone: Pick<DialInParts, 'keys' | 'say'>, options: DialInOptions): Promise<DialledIn>
  /** Opens both stores, hands them over, and closes them whatever happens. A command that needs only one asks for that one: the other may be away. */
  withStores<T>(work: (stores: DeskStores) => Promise<T>): Promise<T>
  withDatabase<T>(work: (stores: DatabaseStores) => Promise<T>): Promise<T>
  withRedis<T>(work: (stores: RedisStores) => Promise<T>): Promise<T>
}

/** What every command is given. */
export interface Desk {
  readonly actions: Actions
  readonly terminal: Terminal
}
