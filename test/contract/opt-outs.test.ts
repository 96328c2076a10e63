/** People who have opted out are not called, however a list writes their number. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { settleAttempt } from '../../src/campaign/settle-attempt.ts'
import { moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import { isOptedOut, optOut } from '../../src/store/do-not-call.ts'
import { countLeads, leadsOf } from '../../src/store/leads.ts'
import { claimDue } from '../claim-due.ts'
import { addLead } from '../add-lead.ts'
import { openDatabase } from '../open-services.ts'

const NOW = Date.UTC(2026, 2, 2, 9)
const MIGRATION = fileURLToPath(new URL('../../src/store/migrations/0020_leads.sql', import.meta.url))

async function rig(t: TestContext) {
  const { sql } = await openDatabase(t)
  const campaign = await putCampaign(sql, campaignFrom({ name: 'spring', queue: 'sales' }))
  await moveCampaign(sql, campaign.id, ['draft'], 'running', NOW)
  const claim = () =>
    claimDue(sql, {
      campaign: campaign.id,
      node: 'a',
      gateway: 'carrier',
      core: randomUUID(),
      now: NOW,
      until: NOW + 60_000,
      ids: Array.from({ length: 9 }, () => randomUUID()),
    })
  return { sql, campaign, claim }
}

test('a person who opted out is not claimed when the list has lost the plus, or the opt-out has none', async t => {
  const { sql, campaign, claim } = await rig(t)
  await optOut(sql, '+4930999888', 'flow', NOW)
  await optOut(sql, '4930999777', 'flow', NOW)
  for (const phone of ['4930999888', '+4930999777', '+4930999666']) await addLead(sql, campaign.id, phone, NOW)
  assert.deepEqual(
    (await claim()).map(one => one.phone),
    ['+4930999666'],
  )
  assert.equal(await isOptedOut(sql, '4930999888'), true)
  assert.equal(await isOptedOut(sql, '+4930999777'), true)
  assert.equal(await isOptedOut(sql, '+4930999666'), false)
  assert.deepEqual(await countLeads(sql, campaign.id), { ready: 0, claimed: 1, done: 2 })
})

test('an opt-out ends the leads with this number in both spellings', async t => {
  const { sql, campaign, claim } = await rig(t)
  for (const phone of ['4930999888', '+4930999888']) await addLead(sql, campaign.id, phone, NOW)
  const [one] = await claim()
  await settleAttempt(sql, one!.attempt, 'opted-out', {}, NOW)
  const leads = await leadsOf(sql, campaign.id, 9)
  assert.deepEqual(
    leads.map(lead => lead.disposition),
    ['opted-out', null],
    'the second one was claimed too',
  )
  const other = await putCampaign(sql, campaignFrom({ name: 'autumn', queue: 'sales' }))
  await sql`insert into leads (campaign_id, phone) values (${other.id}, '4930999888')`
  await optOut(sql, '+4930999888', 'flow', NOW)
  assert.deepEqual(await countLeads(sql, other.id), { ready: 0, claimed: 0, done: 1 })
})

test('people who opted out before this version are retired from the lists that have their number otherwise', async t => {
  const { sql } = await rig(t)
  await sql`drop trigger leads_stay_removed on leads`
  await sql`drop function keep_lead_removed`
  await sql`drop index leads_of_campaign, leads_without_plus, opt_outs_without_plus`
  await sql`alter table leads drop column removed_at`
  await sql`alter table campaigns drop column country`
  // as an older node writes: explicit columns, and the number as it stands in the list
  const [{ id }] = await sql<[{ id: string }]>`select id from campaigns`
  await sql`insert into opt_outs (phone, source) values ('+4930999888', 'flow'), ('4930999777', 'flow')`
  await sql`insert into leads (campaign_id, phone) select ${id}, unnest(array['4930999888', '+4930999777', '+4930999666'])`
  const text = await readFile(MIGRATION, 'utf8')
  await sql.alone(async connection => void (await connection.unsafe(text)))
  const leads = await leadsOf(sql, id, 9)
  assert.deepEqual(
    leads.map(({ phone, state, disposition }) => [phone, state, disposition]),
    [
      ['4930999888', 'done', 'opted-out'],
      ['+4930999777', 'done', 'opted-out'],
      ['+4930999666', 'ready', null],
    ],
  )
  assert.deepEqual(await countLeads(sql, id), { ready: 1, claimed: 0, done: 2 })
})
