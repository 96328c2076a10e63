/** The data of the demo: queues, agents and a running campaign. Created once for each set of stores, by main.ts. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import { ms } from '../base/duration.ts'
import { commandCampaign, importCampaign, type CampaignCommandParts } from '../campaign/campaign-commands.ts'
import type { Events } from '../events/events.ts'
import type { QueueStore } from '../queue/store.ts'
import { defineAgent, defineQueue } from '../recovery/definitions.ts'
import { hasHappened, noteHappened } from '../store/installation.ts'
import { DEMO, demoLeads } from './demo.ts'

export interface DemoStores extends CampaignCommandParts {
  readonly roster: Roster
  readonly queueStore: QueueStore
  readonly events: Events
}

/**
 * Creates the data unless it was created before. A later start does not restore it: a supervisor may change or end it.
 * Agents that already exist under a name of the demo stay as they are.
 * It may be interrupted, and several nodes may run it at the same time: each run creates what is missing.
 */
export async function createDemoData(stores: DemoStores, dataDir: string, clock: Clock): Promise<void> {
  const { roster, sql } = stores
  if (await hasHappened(sql, 'demo-furnished')) return
  for (const name of DEMO.queues) await defineQueue(stores, { name, strategy: 'longest-idle-agent' }, clock.now())
  const there = (await roster.list(clock.now())).map(agent => agent.name)
  for (const { name, queues } of DEMO.agents.filter(agent => !there.includes(agent.name))) {
    const tiers = queues.map(queue => ({ queue, level: 1, position: 1 }))
    await defineAgent(
      stores,
      { name, endpoint: `user/${name}`, wrapUpMs: ms('3s'), ringForMs: ms('20s'), queues: tiers },
      clock.now(),
    )
    await roster.setStatus(name, 'ready', clock.now())
  }
  const file = join(dataDir, 'demo-leads.csv')
  await mkdir(dataDir, { recursive: true }) // with DATABASE_URL and REDIS_URL set, nothing has created the folder yet
  await writeFile(file, demoLeads())
  const settings = { name: DEMO.campaign, queue: DEMO.campaignQueue, mode: 'predictive' } as const
  const { campaign } = await importCampaign(stores, settings, { file, now: clock.now() })
  if (campaign.state === 'draft') await commandCampaign(stores, DEMO.campaign, 'start', clock.now())
  await noteHappened(sql, 'demo-furnished')
}
