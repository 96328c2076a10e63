/** A campaign in a real database whose leads are called by hand: a test says what happens in each call. */
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { campaignFrom, type Campaign } from '../../src/campaign/campaign.ts'
import type { AttemptEnd } from '../../src/campaign/disposition.ts'
import { settleAttempt, type Evidence } from '../../src/campaign/settle-attempt.ts'
import { markAttempt } from '../../src/store/attempts.ts'
import { campaignWithId, moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import { leadsOf } from '../../src/store/leads.ts'
import { addLead } from '../add-lead.ts'
import { claimDue } from '../claim-due.ts'
import { openDatabase } from '../open-services.ts'

/** 2 March 2026, 9:00 UTC. */
export const NOW = Date.UTC(2026, 2, 2, 9)
export const HOUR = 3_600_000
export const DAY = 24 * HOUR

type Settings = Partial<Parameters<typeof campaignFrom>[0]>

export async function openOutcomes(t: TestContext, settings: Settings = {}) {
  const { sql } = await openDatabase(t)

  async function campaign(given: Settings = {}): Promise<Campaign> {
    const draft = await putCampaign(sql, campaignFrom({ name: 'spring', queue: 'sales', ...settings, ...given }))
    return (await moveCampaign(sql, draft.id, ['draft'], 'running', NOW))!
  }
  const spring = await campaign()
  let phones = 0

  /** Calls a lead of the campaign: the one that is due, else a new one. Resolves with the attempt. */
  async function calls(now = NOW, of: Campaign = spring): Promise<string> {
    const claim = (id: string) =>
      claimDue(sql, {
        campaign: of.id,
        node: 'a',
        gateway: 'carrier',
        core: randomUUID(),
        now,
        until: now + 60_000,
        ids: [id],
      })
    const id = randomUUID()
    if ((await claim(id)).length > 0) return id
    await addLead(sql, of.id, `+4917${1_000 + phones++}`, now)
    await claim(id)
    return id
  }

  /** Calls a lead, who answers at `now`. */
  async function answered(now = NOW, of: Campaign = spring): Promise<string> {
    const id = await calls(now, of)
    await markAttempt(sql, id, 'answered', now)
    return id
  }

  /** Calls a lead who answers at `now`, and ends the call one minute later. */
  async function ended(end: AttemptEnd, evidence: Evidence = {}, now = NOW, of: Campaign = spring): Promise<string> {
    const id = await answered(now, of)
    await settleAttempt(sql, id, end, evidence, now + 60_000)
    return id
  }

  const talked = (now = NOW, of: Campaign = spring) =>
    ended('talked', { agent: 'alice', heard: 'person', greetedAt: now + 1_000, connectedAt: now + 1_500 }, now, of)
  const abandoned = (now = NOW, of: Campaign = spring) =>
    ended('abandoned', { heard: 'person', greetedAt: now + 1_000, unserved: true, messageAt: now + 3_100 }, now, of)

  const lead = async (of: Campaign = spring) => (await leadsOf(sql, of.id, 1))[0]!
  const again = async () => (await campaignWithId(sql, spring.id))!
  return { sql, spring, campaign, calls, answered, ended, talked, abandoned, lead, again }
}
