/**
 * The states of agents in PostgreSQL (record/agent-states.ts), written behind the agents: nobody waits for it. The rows
 * of half a second are one statement, because every node writes each change; up to 200 rows in it. While PostgreSQL is
 * down the newest 20 000 rows are kept, and written when it is back. Used by the node.
 */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { saveAgentStates, type AgentStateRow } from '../store/agent-states.ts'
import type { Sql } from '../store/sql.ts'
import { WriteBehind } from '../store/write-behind.ts'
import type { AgentStateRows } from './agent-states.ts'

/** A row waits so long for others. The figures of agents are behind by so much. */
const GATHER_MS = 500
/** Rows in one statement. */
const AT_ONCE = 200
/** Of 1 000 agents who change once in 10 s: three minutes; of 100: half an hour. */
const MOST = 20_000

interface Parts {
  readonly clock: Clock
  readonly log: Log
}

/** Disposing waits for the rows that are left, as WriteBehind does; the other nodes write the same ones. */
export const keepAgentRows = (sql: Sql, { clock, log }: Parts): AgentStateRows & AsyncDisposable =>
  new WriteBehind<AgentStateRow>({
    ...{ what: 'the table of agent states', gatherMs: GATHER_MS, atOnce: AT_ONCE, most: MOST, clock, log },
    write: rows => saveAgentStates(sql, rows),
    dropped: count => log.warn({ dropped: count, most: MOST }, DROPPED),
    refused: (row, error) => log.error({ ...row, error: error.message }, REFUSED),
  })

const DROPPED = 'PostgreSQL was away for so long that the oldest states of agents were dropped; their figures miss them'
const REFUSED = 'PostgreSQL refused the state of an agent; the figures of this agent miss it'
