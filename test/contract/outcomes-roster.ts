/**
 * Agents of the queue sales: two who are on the line and ready, one on a break, one without a nailed-up leg, and one
 * who takes no leads.
 */
import { randomUUID } from 'node:crypto'
import { MemoryAgents } from '../../src/agent/memory-roster.ts'
import { rosterOver, type Roster } from '../../src/agent/roster.ts'
import type { Clock } from '../../src/base/clock.ts'

export async function memoryRoster(clock: Clock): Promise<Roster> {
  const roster = rosterOver(new MemoryAgents())
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  for (const [name, status, isNailed] of [
    ['alice', 'ready', true],
    ['bob', 'ready', true],
    ['cara', 'break', true],
    ['dora', 'ready', false],
    ['emil', 'ready', true],
  ] as const) {
    const takesLeads = name !== 'emil'
    await roster.put(
      { name, endpoint: `user/${name}`, wrapUpMs: 0, ringForMs: 20_000, queues, takesLeads },
      clock.now(),
    )
    if (isNailed) await roster.nail(name, { leg: randomUUID(), node: 'a' }, clock.now())
    await roster.setStatus(name, status, clock.now())
  }
  return roster
}
