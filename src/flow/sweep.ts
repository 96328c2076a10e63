/**
 * What a process or a switch that died has left in the stores: places of callers who are gone, agents promised to them, open records.
 * Every call is asked for at the switches; what lives anywhere is left alone, for FreeSWITCH brings it back to the door.
 */
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Switchboard } from '../call/switchboard.ts'
import { uuid as parseUuid } from '../esl/words.ts'
import type { QueueStore } from '../queue/store.ts'
import { closeCall, openCallIds } from '../store/calls.ts'
import type { Sql } from '../store/sql.ts'

export interface SweepParts {
  switchboard: Switchboard
  roster: Roster
  queueStore: QueueStore
  sql: Sql
  clock: Clock
  log: Log
}

/** Rejects when a store is away. A switch that cannot be asked counts as one on which everything lives. */
export async function sweep({ switchboard, roster, queueStore, sql, clock, log }: SweepParts): Promise<void> {
  const known = new Map<string, Promise<boolean>>()
  const gone = async (call: string): Promise<boolean> => {
    let lives = known.get(call)
    if (!lives) known.set(call, (lives = Promise.all(switchboard.switches.map(one => one.exists(parseUuid(call)))).then(answers => answers.some(Boolean))))
    return !(await lives)
  }
  const now = clock.now()
  let swept = 0

  for (const { name } of await queueStore.queues()) {
    for (const member of await queueStore.members(name)) {
      if (!(await gone(member.call))) continue
      await queueStore.leave(name, member.call, member.answeredAt === null ? 'abandoned' : 'talked')
      swept++
    }
  }
  for (const agent of await roster.list(now)) {
    if (agent.nailed && (await gone(agent.nailed.leg))) await roster.nail(agent.name, null, now)
    if (agent.reservation && (await gone(agent.reservation.for))) {
      await roster.release(agent.name, agent.reservation.epoch, agent.state === 'talking' ? 'talked' : 'caller-left', now)
      swept++
    }
  }
  for (const call of await openCallIds(sql)) {
    if (!(await gone(call))) continue
    await closeCall(sql, call, { endedAt: now, hangupCause: null, outcome: 'lost' })
    swept++
  }
  if (swept > 0) log.info({ swept }, 'what calls that are gone had left behind was cleared away')
}
