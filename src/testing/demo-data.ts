/** What a supervisor would have set up for the demo: queues, agents, a campaign that runs. Made once in the life of its stores. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import { ms } from '../base/duration.ts'
import { addLeads, defineCampaign, commandCampaign, type CampaignCommandParts } from '../campaign/campaign-commands.ts'
import type { QueueStore } from '../queue/store.ts'
import { hasHappened, noteHappened } from '../store/installation.ts'
import { DEMO, demoLeads } from './demo.ts'

export interface DemoStores extends CampaignCommandParts {
  readonly roster: Roster
  readonly queueStore: QueueStore
}

/**
 * Makes it unless it was made before: from then on it is a person's, who may change or end it. What a person has made earlier under a
 * name of the demo stays as it is. May be broken off, and begun by several nodes at a time: what is missing is made.
 */
export async function createDemoData(
  { roster, queueStore, sql, wakeup }: DemoStores,
  dataDir: string,
  clock: Clock,
): Promise<void> {
  if (await hasHappened(sql, 'demo-furnished')) return
  for (const name of DEMO.queues) await queueStore.put({ name, strategy: 'longest-idle-agent' })
  const there = (await roster.list(clock.now())).map(agent => agent.name)
  for (const { name, queues } of DEMO.agents.filter(agent => !there.includes(agent.name))) {
    const tiers = queues.map(queue => ({ queue, level: 1, position: 1 }))
    await roster.put(
      { name, endpoint: `user/${name}`, wrapUpMs: ms('3s'), ringForMs: ms('20s'), queues: tiers },
      clock.now(),
    )
    await roster.setStatus(name, 'ready', clock.now())
  }
  const { state } = await defineCampaign({ sql, wakeup }, { name: DEMO.campaign, queue: DEMO.campaignQueue })
  const file = join(dataDir, 'demo-leads.csv')
  await mkdir(dataDir, { recursive: true }) // with servers that were given there is none yet
  await writeFile(file, demoLeads())
  await addLeads({ sql, wakeup }, DEMO.campaign, { file, now: clock.now() })
  if (state === 'draft') await commandCampaign({ sql, wakeup }, DEMO.campaign, 'start', clock.now())
  await noteHappened(sql, 'demo-furnished')
}
