/**
 * What each agent does, from each change on, as rows for the figures. Every node hears of every write of an agent's
 * record, also of one by a command or by a node that has died since, and makes the same row of it: so the row is
 * written once, by whichever node is first (store/agent-states.ts). Its time is the one that the writer of the record
 * took from the shared clock, never one of the node that writes the row. Used by node/compose.ts.
 */
import type { Agent } from '../agent/agent.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import type { Clock } from '../base/clock.ts'
import type { AgentStateRow } from '../store/agent-states.ts'

/** Takes the rows. Returns at once and never throws. */
export interface AgentStateRows {
  put(row: AgentStateRow): void
}

/** The row that follows from a record alone. */
function stateRowOf(agent: Agent): AgentStateRow {
  const { name, rev, status, reason, state, stateSince, statusSince = 0, restUntil, reservation, lastTalk } = agent
  const breakUntil = (status === 'break' && agent.breakUntil) || null
  const at = Math.max(stateSince, statusSince)
  const wrapUp = state === 'wrap-up' && lastTalk
  return {
    agent: name,
    at,
    rev,
    status,
    reason,
    state,
    restsUntil: state === 'idle' && restUntil > at ? restUntil : null,
    breakUntil,
    call: reservation?.for ?? (wrapUp ? wrapUp.call : null),
    queue: reservation?.queue ?? (wrapUp ? wrapUp.queue : null),
  }
}

/** A removed agent is logged out. */
const removed = (agent: string, at: number): AgentStateRow => ({
  ...{
    agent,
    at,
    rev: at,
    status: 'logged-out',
    reason: null,
    state: 'idle',
    restsUntil: null,
    breakUntil: null,
    call: null,
    queue: null,
  },
})

/** Writes a row for each change, until it is disposed. Of writes that change nothing of it there is none. */
export function keepAgentStates({
  mirror,
  rows,
  clock,
}: {
  readonly mirror: Pick<RosterMirror, 'on'>
  readonly rows: AgentStateRows
  /** The shared clock, for an agent of whose removal this node has not heard: the time of the notice is missing. */
  readonly clock: Clock
}): Disposable {
  const last = new Map<string, string>()
  return mirror.on('written', ({ name, agent, removedAt = clock.now() }) => {
    const row = agent ? stateRowOf(agent) : removed(name, removedAt)
    const text = JSON.stringify({ ...row, rev: 0 })
    if (last.get(name) === text) return
    if (agent) last.set(name, text)
    else last.delete(name)
    rows.put(row)
  })
}
