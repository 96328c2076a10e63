/** The settings of a queue, for flow tests. */
import type { simulate } from '#testing'
import type { QueueSettings } from '../../src/queue/settings.ts'
import type { WaitingGiven } from '../../src/queue/waiting-settings.ts'

type Sim = ReturnType<typeof simulate>

export const support = { params: { queue: 'support' } }

/** Gives a queue these settings. */
export async function settings(
  sim: Sim,
  given: WaitingGiven & Pick<Partial<QueueSettings>, 'whisper' | 'accept'>,
  name = 'support',
): Promise<void> {
  await sim.until('node a opens', sim.ready)
  await sim.queueStore.put({ name, strategy: 'longest-idle-agent', ...given })
  await sim.clock.settle()
}

/** What callers have heard in announcements. */
export const said = (sim: Sim) => sim.told('queue.call.announced').map(one => one.said)
