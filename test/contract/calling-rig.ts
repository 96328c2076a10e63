/** A dialer's look at the leads of a campaign and its claim, in a real database. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { CallableLeads } from '../../src/campaign/callable-leads.ts'
import { importCampaign } from '../../src/campaign/campaign-commands.ts'
import { campaignFrom, type Campaign } from '../../src/campaign/campaign.ts'
import type { DialWakeup } from '../../src/campaign/dial-wakeup.ts'
import { moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import { openDatabase } from '../open-services.ts'

export const at = (text: string) => Date.parse(text)
/** A Monday: 10 h in New York, 7 h in Los Angeles. */
export const NOW = at('2026-11-30T15:00:00Z')
export const HOUR = 3_600_000

export const ANN = '+12125550101' // New York
export const BOB = '+13105550102' // Los Angeles
export const FLO = '+13055550103' // Miami

export async function openCallingRig(t: TestContext) {
  const { sql } = await openDatabase(t)
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-rules-'))
  t.after(() => rm(folder, { recursive: true }))

  async function campaign(settings: Partial<Campaign> = {}, name = 'spring'): Promise<Campaign> {
    const draft = await putCampaign(sql, campaignFrom({ name, queue: 'sales', ...settings }))
    return (await moveCampaign(sql, draft.id, ['draft'], 'running', NOW)) ?? draft
  }
  async function list(of: Campaign, text: string, now = NOW) {
    const file = join(folder, 'list.csv')
    await writeFile(file, text)
    const parts = { sql, wakeup: { ring: async () => {} } as unknown as DialWakeup }
    return (await importCampaign(parts, { name: of.name }, { file, now })).summary
  }
  /** A dialer's look and claim: what is due for these agents, and the numbers that are called. */
  const dialer = (of: Campaign) => {
    const callable = new CallableLeads(sql)
    const due = (now: number, agents: readonly string[] = ['alice']) => callable.due(of, now, agents, 100)
    const claim = async (now: number, agents: readonly (string | null)[] = ['alice']) => {
      await due(
        now,
        agents.filter(agent => agent !== null),
      )
      const slots = agents.map(agent => ({ id: randomUUID(), agent }))
      const how = { node: 'a', gateway: 'carrier', core: randomUUID(), now, until: now + 60_000 }
      return { slots, ...(await callable.claim(of, slots, how)) }
    }
    const calls = async (now: number, agents?: readonly (string | null)[]) =>
      (await claim(now, agents)).claimed.map(({ phone }) => phone)
    return { due, claim, calls }
  }
  const THREE = ['alice', 'bea', 'carl']
  return { sql, campaign, list, dialer, THREE }
}
