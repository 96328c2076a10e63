/**
 * The figures of campaigns are updated with every change: whatever happens to leads and attempts, they equal the
 * counted values.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { ATTEMPT_ENDS } from '../../src/campaign/disposition.ts'
import { refuseAttempt, settleAttempt } from '../../src/campaign/settle-attempt.ts'
import { countAttempts, markAttempt } from '../../src/store/attempts.ts'
import { moveCampaign, putCampaign, removeCampaign } from '../../src/store/campaigns.ts'
import { optOut } from '../../src/store/do-not-call.ts'
import { countDone, countLeads, freeStaleClaims } from '../../src/store/leads.ts'
import { claimDue } from '../claim-due.ts'
import type { Sql } from '../../src/store/sql.ts'
import { addLead } from '../add-lead.ts'
import { pick, seeded } from '../fault/links-chance.ts'
import { openDatabase } from '../open-services.ts'

const NOW = Date.UTC(2026, 2, 2, 9)

async function counted(sql: Sql, campaign: string) {
  const leads = await sql<
    { state: string; n: number }[]
  >`select state, count(*) as n from leads where campaign_id = ${campaign} group by 1`
  const attempts = await sql<{ what: string; n: number }[]>`
    select case when state = 'ended' then coalesce(disposition, 'refused') when answered_at is null then 'under-way' else 'in-flow' end as what, count(*) as n
    from attempts where campaign_id = ${campaign} group by 1`
  const done = await sql<{ what: string; n: number }[]>`
    select coalesce(disposition, 'none') as what, count(*) as n from leads where campaign_id = ${campaign} and state = 'done' group by 1`
  return {
    done: Object.fromEntries(done.map(({ what, n }) => [what, n]).sort()),
    leads: { ready: 0, claimed: 0, done: 0, ...Object.fromEntries(leads.map(({ state, n }) => [state, n])) },
    attempts: Object.fromEntries(attempts.map(({ what, n }) => [what, n]).sort()),
  }
}

async function kept(sql: Sql, campaign: string) {
  return {
    done: Object.fromEntries([...(await countDone(sql, campaign))].sort()),
    leads: await countLeads(sql, campaign),
    attempts: Object.fromEntries([...(await countAttempts(sql, campaign))].sort()),
  }
}

test('after any history of two campaigns, at many hands, their figures are what counting gives, and few rows hold them', async t => {
  const { sql } = await openDatabase(t)
  const random = seeded(55)
  const ids: string[] = []
  for (const name of ['spring', 'autumn']) {
    const { id } = await putCampaign(sql, campaignFrom({ name, queue: 'sales', maxAttempts: 3 }))
    await moveCampaign(sql, id, ['draft'], 'running', NOW)
    ids.push(id)
  }
  const phone = () => `+4917${1_000 + Math.floor(random() * 150)}`
  const open: string[] = []
  let now = NOW
  const acts = [
    () => addLead(sql, pick(random, ids), phone(), NOW),
    () => addLead(sql, pick(random, ids), phone(), NOW),
    async () => {
      const claim = {
        campaign: pick(random, ids),
        node: 'a',
        gateway: 'carrier',
        core: randomUUID(),
        now,
        until: now + 60_000,
        ids: [1, 2, 3].map(() => randomUUID()),
      }
      for (const { attempt } of await claimDue(sql, claim)) open.push(attempt)
    },
    async () =>
      void (
        open.length > 0 &&
        (await markAttempt(sql, pick(random, open), pick(random, ['sent', 'ringing', 'answered'] as const), now))
      ),
    async () =>
      void (open.length > 0 && (await settleAttempt(sql, pick(random, open), pick(random, ATTEMPT_ENDS), {}, now))),
    async () =>
      void (open.length > 0 && (await settleAttempt(sql, pick(random, open), pick(random, ATTEMPT_ENDS), {}, now))),
    async () => void (open.length > 0 && (await refuseAttempt(sql, pick(random, open), 'GATEWAY_DOWN', now, now))),
    () => freeStaleClaims(sql, pick(random, ids), now),
    () => (random() < 0.1 ? optOut(sql, phone(), 'supervisor', now) : Promise.resolve()),
    () =>
      sql
        .begin(async tx => {
          await tx`update leads set state = 'done' where campaign_id = ${pick(random, ids)} and state = 'ready'`
          throw new Error('thought better of it')
        })
        .catch((error: Error) => assert.equal(error.message, 'thought better of it')),
  ]
  for (let round = 0; round < 40; round++) {
    now += 600_000
    await Promise.all(Array.from({ length: 8 }, () => pick(random, acts)()))
    if (round % 10 === 9)
      for (const id of ids) assert.deepEqual(await kept(sql, id), await counted(sql, id), `round ${round}`)
  }
  assert.ok(Object.keys((await counted(sql, ids[0]!)).attempts).length > 5, 'much has happened')
  const [rows] = await sql<[{ n: number }]>`select count(*) as n from campaign_figures`
  assert.ok(rows.n < 400, `${rows.n} rows for the figures of two campaigns`)
  await sql`delete from leads where id in (select id from leads where campaign_id = ${ids[1]!} limit 5)`
  assert.equal(await removeCampaign(sql, 'spring'), false, 'it is running')
  await moveCampaign(sql, ids[0]!, ['running'], 'stopped', now)
  assert.equal(await removeCampaign(sql, 'spring'), true)
  assert.equal((await sql`select 1 from campaign_figures where campaign_id = ${ids[0]!}`).length, 0)
  assert.deepEqual(await kept(sql, ids[1]!), await counted(sql, ids[1]!))
})
