/** People are added to a list, changed, removed and called again while its campaign runs. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { country } from '../../src/base/country.ts'
import { silentLog } from '../../src/base/log.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { importLeads } from '../../src/campaign/import.ts'
import { refuseAttempt, settleAttempt } from '../../src/campaign/settle-attempt.ts'
import { openAudit } from '../../src/operations/audit.ts'
import auditList from '../../src/operations/audit/list.ts'
import campaignExport from '../../src/operations/campaign/export.ts'
import campaignLeads from '../../src/operations/campaign/leads.ts'
import campaignSet from '../../src/operations/campaign/set.ts'
import leadAdd from '../../src/operations/lead/add.ts'
import leadRecycle from '../../src/operations/lead/recycle.ts'
import leadRemove from '../../src/operations/lead/remove.ts'
import leadUpdate from '../../src/operations/lead/update.ts'
import type { Actor } from '../../src/operations/operation.ts'
import { perform } from '../../src/operations/perform.ts'
import { moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import { optOut } from '../../src/store/do-not-call.ts'
import { countLeads, freeStaleClaims } from '../../src/store/leads.ts'
import { claimDue, isDueAt } from '../claim-due.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { openDatabase } from '../open-services.ts'

const NOW = Date.UTC(2026, 2, 2, 9)

async function rig(t: TestContext) {
  const { sql } = await openDatabase(t)
  const campaign = await putCampaign(sql, campaignFrom({ name: 'spring', queue: 'sales', country: country('DE') }))
  await moveCampaign(sql, campaign.id, ['draft'], 'running', NOW)
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-leads-'))
  t.after(() => rm(folder, { recursive: true }))
  const rings: string[] = []
  const clock = new VirtualClock(NOW)
  clock.turn = systemClock.turn // the time of a request stands still, and its work goes on
  const parts = {
    ...{ sql, clock, country: null, log: silentLog, audit: openAudit({ sql, redis: null, log: silentLog }) },
    wakeup: { ring: async ({ name }: { name: string }) => void rings.push(name) },
  }
  const ann: Actor = { who: 'ann', door: 'command-line', role: 'supervisor' }
  const claim = (n = 9) =>
    claimDue(sql, {
      ...{ campaign: campaign.id, node: 'a', gateway: 'carrier', core: randomUUID(), now: NOW, until: NOW + 60_000 },
      ids: Array.from({ length: n }, () => randomUUID()),
    })
  const leads = async (given = {}) => perform(campaignLeads, parts as never, { name: 'spring', ...given }, ann)
  return { sql, campaign, folder, rings, parts, ann, claim, leads }
}
const as = <T>(value: unknown) => value as T

test('people who are added while the campaign runs are called at once, in the order of their priority', async t => {
  const { parts, ann, rings, claim, leads } = await rig(t)
  const added = await perform(
    leadAdd,
    parts as never,
    {
      campaign: 'spring',
      number: '030 999001',
      fields: 'name=Anna,city=Ulm',
      leads: [
        '030 999002',
        { number: '+4930999003', fields: { name: 'Meier, Carl' }, priority: 9 },
        '0049 30 999001',
        '110',
      ],
    },
    ann,
  )
  assert.deepEqual(
    [added.added, added.duplicates, added.optedOut, added.rejected.map(one => one.number)],
    [3, 1, 0, ['110']],
  )
  assert.match(added.rejected[0]!.allowed, /emergency/)
  assert.deepEqual(rings, ['spring'])
  assert.deepEqual(
    (await leads()).map(({ phone, fields, priority }) => [phone, fields, priority]),
    [
      ['+4930999001', { name: 'Anna', city: 'Ulm' }, 0],
      ['+4930999002', { name: 'Anna', city: 'Ulm' }, 0],
      ['+4930999003', { name: 'Meier, Carl', city: 'Ulm' }, 9],
    ],
  )
  assert.deepEqual((await claim(1))[0]!.phone, '+4930999003')
  const again = await perform(leadAdd, parts as never, { campaign: 'spring', number: '+4930999001' }, ann)
  assert.deepEqual([again.added, again.duplicates], [0, 1])
})

test('ten thousand people are added with one request, and one more is refused', async t => {
  const { parts, ann, campaign, sql } = await rig(t)
  const numbers = Array.from({ length: 10_001 }, (_, n) => `+49309${100_000 + n}`)
  await assert.rejects(perform(leadAdd, parts as never, { campaign: 'spring', leads: numbers }, ann), {
    code: 'BAD_INPUT',
  })
  const { added } = await perform(leadAdd, parts as never, { campaign: 'spring', leads: numbers.slice(1) }, ann)
  assert.equal(added, 10_000)
  assert.equal((await countLeads(sql, campaign.id)).ready, 10_000)
})

test('nobody who opted out is added, and a number that cannot be called is told why', async t => {
  const { sql, parts, ann } = await rig(t)
  await optOut(sql, '+4930999001', 'flow', NOW)
  const { added, optedOut } = await perform(leadAdd, parts as never, { campaign: 'spring', number: '030999001' }, ann)
  assert.deepEqual([added, optedOut], [0, 1])
  const wrong: [object, RegExp][] = [
    [{ campaign: 'spring', number: '1001' }, /'1001' cannot be used; allowed: the whole number of a person/],
    [{ campaign: 'spring' }, /nobody to add: give number, leads/],
    [{ campaign: 'spring', number: '030999002', fields: 'name' }, /allowed: name=Anna,city=Ulm/],
    [{ campaign: 'spring', number: '030999002', callAt: 'tomorrow' }, /no moment/],
  ]
  for (const [given, message] of wrong)
    await assert.rejects(perform(leadAdd, parts as never, given, ann), { code: 'BAD_INPUT', message })
  await assert.rejects(perform(leadAdd, parts as never, { campaign: 'summer', number: '030999002' }, ann), {
    code: 'NOT_FOUND',
  })
})

test('a lead gets other fields, another priority and another time for its call', async t => {
  const { sql, campaign, parts, ann } = await rig(t)
  await perform(
    leadAdd,
    parts as never,
    { campaign: 'spring', number: '030999001', fields: { name: 'Anna', city: 'Ulm' } },
    ann,
  )
  const lead = await perform(
    leadUpdate,
    parts as never,
    {
      ...{ campaign: 'spring', number: '0049 30 999001', fields: { city: 'Bonn' }, priority: 3 },
      callAt: '2026-03-02T12:00:00Z',
    },
    ann,
  )
  assert.deepEqual([lead.fields, lead.priority], [{ name: 'Anna', city: 'Bonn' }, 3])
  assert.equal(await isDueAt(sql, campaign.id), Date.UTC(2026, 2, 2, 12))
  await assert.rejects(perform(leadUpdate, parts as never, { campaign: 'spring', number: '030999001' }, ann), {
    code: 'BAD_INPUT',
    message: /nothing to change/,
  })
  await assert.rejects(
    perform(leadUpdate, parts as never, { campaign: 'spring', number: '030999777', priority: 1 }, ann),
    {
      code: 'NOT_FOUND',
    },
  )
})

test('the next call of a lead is not changed under the call that goes on, its fields are', async t => {
  const { sql, parts, ann, claim } = await rig(t)
  await perform(leadAdd, parts as never, { campaign: 'spring', number: '030999001' }, ann)
  const [one] = await claim()
  const change = { campaign: 'spring', number: '030999001', callAt: '2026-03-03T12:00:00Z', priority: 2 }
  await assert.rejects(perform(leadUpdate, parts as never, change, ann), {
    code: 'WRONG_STATE',
    message: /is called in this moment/,
  })
  const { priority, fields } = await perform(
    leadUpdate,
    parts as never,
    { campaign: 'spring', number: '030999001', priority: 4, fields: 'note=hurry' },
    ann,
  )
  assert.deepEqual([priority, fields], [4, { note: 'hurry' }])
  await settleAttempt(sql, one!.attempt, 'talked', {}, NOW)
  await assert.rejects(perform(leadUpdate, parts as never, change, ann), {
    code: 'WRONG_STATE',
    message: /lead recycle/,
  })
})

test('a lead who is removed is not called, and its attempts still count', async t => {
  const { sql, campaign, parts, ann, claim, leads } = await rig(t)
  await perform(leadAdd, parts as never, { campaign: 'spring', leads: ['030999001', '030999002'] }, ann)
  const [first] = await claim(1)
  await settleAttempt(sql, first!.attempt, 'busy', {}, NOW)
  for (const number of ['030999001', '030999002']) {
    const removed = await perform(leadRemove, parts as never, { campaign: 'spring', number }, ann)
    assert.deepEqual([removed.removed, removed.afterAttempt], [true, false])
    await assert.rejects(perform(leadRemove, parts as never, { campaign: 'spring', number }, ann), {
      code: 'NOT_FOUND',
    })
  }
  assert.deepEqual(
    (await leads()).map(lead => [lead.phone, lead.state, lead.removedAt !== null]),
    [['+4930999001', 'done', true]],
  )
  assert.deepEqual(await countLeads(sql, campaign.id), { ready: 0, claimed: 0, done: 1 })
  assert.equal((await claim()).length, 0)
})

test('a lead who is called in the moment of the removal is removed after that call, however it ends', async t => {
  const { sql, campaign, parts, ann, claim } = await rig(t)
  const ends: readonly ((attempt: string) => Promise<unknown>)[] = [
    attempt => settleAttempt(sql, attempt, 'busy', {}, NOW),
    attempt => refuseAttempt(sql, attempt, 'GATEWAY_DOWN', NOW, NOW),
    // an older node knows nothing of removals
    attempt => sql`
      with ended as (update attempts set state = 'ended' where id = ${attempt} returning lead_id)
      update leads set state = 'ready', claimed_until = null, claimed_by = null from ended where id = lead_id`,
    async attempt => {
      await sql`update attempts set state = 'ended' where id = ${attempt}`
      await freeStaleClaims(sql, campaign.id, NOW + 120_000)
    },
  ]
  for (const [n, end] of ends.entries()) {
    const number = `+493099900${n}`
    await perform(leadAdd, parts as never, { campaign: 'spring', number }, ann)
    const [one] = await claim()
    const { afterAttempt } = await perform(leadRemove, parts as never, { campaign: 'spring', number }, ann)
    assert.equal(afterAttempt, true)
    assert.equal((await countLeads(sql, campaign.id)).claimed, 1)
    const settled = as<{ again?: number | null } | null>(await end(one!.attempt))
    if (n < 2) assert.equal(settled?.again, null)
    assert.deepEqual(await countLeads(sql, campaign.id), { ready: 0, claimed: 0, done: n + 1 })
    assert.equal((await claim()).length, 0)
  }
})

test('a person who was removed and is added again is called again', async t => {
  const { sql, parts, ann, claim } = await rig(t)
  await perform(leadAdd, parts as never, { campaign: 'spring', number: '030999001' }, ann)
  const [one] = await claim()
  await settleAttempt(sql, one!.attempt, 'busy', {}, NOW)
  await perform(leadRemove, parts as never, { campaign: 'spring', number: '030999001' }, ann)
  const { added } = await perform(leadAdd, parts as never, { campaign: 'spring', number: '030999001' }, ann)
  assert.equal(added, 1)
  assert.equal((await claim()).length, 1)
})

test('leads are called again by what came of them, and nobody who opted out or was removed', async t => {
  const { sql, campaign, parts, ann, claim, leads } = await rig(t)
  const ends = ['busy', 'busy', 'no-answer', 'talked', 'opted-out', 'busy', 'busy'] as const
  await perform(leadAdd, parts as never, { campaign: 'spring', leads: ends.map((_, n) => `+493099900${n}`) }, ann)
  const claimed = await claim()
  for (const [n, end] of ends.entries()) await settleAttempt(sql, claimed[n]!.attempt, end, {}, NOW)
  await sql`update leads set state = 'done'`
  await optOut(sql, '4930999005', 'supervisor', NOW) // in another spelling
  await perform(leadRemove, parts as never, { campaign: 'spring', number: '+4930999006' }, ann)
  const told = await perform(
    leadRecycle,
    parts as never,
    { campaign: 'spring', dispositions: ['busy', 'no-answer'] },
    ann,
  )
  assert.deepEqual([told.recycled, told.byDisposition, told.optedOut], [3, { busy: 2, 'no-answer': 1 }, 1])
  assert.deepEqual(
    (await leads({ state: 'ready' })).map(({ phone, attempts }) => [phone, attempts]),
    [
      ['+4930999000', 0],
      ['+4930999001', 0],
      ['+4930999002', 0],
    ],
  )
  assert.equal((await claim()).length, 3)
  await assert.rejects(perform(leadRecycle, parts as never, { campaign: 'spring', dispositions: ['opted-out'] }, ann), {
    code: 'BAD_INPUT',
  })
  assert.equal((await countLeads(sql, campaign.id)).done, 4)
})

test('a supervisor looks for leads by their state, their disposition and their number', async t => {
  const { sql, parts, ann, claim, leads } = await rig(t)
  await perform(leadAdd, parts as never, { campaign: 'spring', leads: ['030999001', '030999002', '030999003'] }, ann)
  const claimed = await claim(2)
  await settleAttempt(sql, claimed[0]!.attempt, 'talked', { agent: 'alice' }, NOW)
  const phones = async (given: object) => (await leads(given)).map(lead => lead.phone.slice(-3))
  assert.deepEqual(await phones({ state: 'claimed' }), ['002'])
  assert.deepEqual(await phones({ state: 'ready' }), ['003'])
  assert.deepEqual(await phones({ disposition: 'talked' }), ['001'])
  assert.deepEqual(await phones({ number: '030 999 003' }), ['003'])
  const [talked] = await leads({ number: '030999001' })
  assert.deepEqual([talked!.agent, talked!.lastAttemptAt?.getTime()], ['alice', NOW])
})

test('each change of a lead is in the audit, with the lead as it was and as it is', async t => {
  const { parts, ann } = await rig(t)
  await perform(leadAdd, parts as never, { campaign: 'spring', number: '030999001' }, ann)
  await perform(leadUpdate, parts as never, { campaign: 'spring', number: '030999001', priority: 5 }, ann)
  await perform(leadRemove, parts as never, { campaign: 'spring', number: '030999001' }, ann)
  const rows = await perform(auditList, parts as never, { subject: 'spring' }, { ...ann, role: 'administrator' })
  const seen = as<{ operation: string; outcome: string; before: unknown; after: unknown }[]>(rows).toSorted((a, b) =>
    a.operation < b.operation ? -1 : 1,
  )
  const priority = (lead: unknown) => as<{ priority: number } | null>(lead)?.priority ?? null
  assert.deepEqual(
    seen.map(row => [row.operation, row.outcome, priority(row.before), priority(row.after)]),
    [
      ['lead.add', 'DONE', null, null],
      ['lead.remove', 'DONE', 5, null],
      ['lead.update', 'DONE', 0, 5],
    ],
  )
})

test('a list is written to a file that runs no formula in a spreadsheet, and is imported again as it was', async t => {
  const { sql, folder, campaign, parts, ann, claim, leads } = await rig(t)
  const source = join(folder, 'source.csv')
  await writeFile(
    source,
    'phone,name,formula,second\n+4930999001,"Meier, Änne","=HYPERLINK(""http://x"")",+49 30 999009\n' +
      "+4930999002,@SUM(A1),-1+cmd|'/C calc'!A0,-5\n",
  )
  await importLeads({ sql, campaign: campaign.id, file: source, now: NOW })
  const [one] = await claim(1)
  await settleAttempt(sql, one!.attempt, 'talked', { agent: 'alice' }, NOW)
  const file = join(folder, 'out.csv')
  const told = await perform(campaignExport, parts as never, { name: 'spring', file }, ann)
  assert.equal(told.leads, 2)
  const text = await readFile(file, 'utf8')
  assert.deepEqual(text.split('\n'), [
    '\ufeffphone,name,second,formula,lead_state,lead_attempts,lead_disposition,lead_next_call,lead_last_attempt,lead_agent,lead_priority',
    `+4930999001,"Meier, Änne",+49 30 999009,"'=HYPERLINK(""http://x"")",done,1,talked,,2026-03-02T09:00:00.000Z,alice,0`,
    `+4930999002,'@SUM(A1),-5,'-1+cmd|'/C calc'!A0,ready,0,,2026-03-02T09:00:00.000Z,,,0`.replace(
      `'-1+cmd|'/C calc'!A0`,
      `"'-1+cmd|'/C calc'!A0"`,
    ),
    '',
  ])
  await assert.rejects(
    perform(campaignExport, parts as never, { name: 'spring', file }, ann),
    /exists; give another name/,
  )
  await perform(campaignExport, parts as never, { name: 'spring', file, overwrite: true }, ann)
  await assert.rejects(
    perform(campaignExport, parts as never, { name: 'spring', file: join(folder, 'none', 'x.csv') }, ann),
    { code: 'BAD_INPUT', message: /cannot be written/ },
  )
  const before = (await leads()).map(({ phone, fields }) => ({ phone, fields }))
  const other = await putCampaign(sql, campaignFrom({ name: 'autumn', queue: 'sales' }))
  const { added } = await importLeads({ sql, campaign: other.id, file, now: NOW })
  assert.equal(added, 2)
  assert.deepEqual(
    (await leads({ name: 'autumn' })).map(({ phone, fields }) => ({ phone, fields })),
    before,
  )
})

test('the list of a campaign is read again when somebody tells its country', async t => {
  const { sql, parts, ann, leads } = await rig(t)
  const other = await putCampaign(sql, campaignFrom({ name: 'autumn', queue: 'sales' }))
  await perform(leadAdd, parts as never, { campaign: 'autumn', number: '030999001' }, ann)
  await perform(campaignSet, parts as never, { name: 'autumn', country: 'de' }, ann)
  assert.deepEqual(
    (await leads({ name: 'autumn' })).map(lead => lead.phone),
    ['+4930999001'],
  )
  assert.equal(other.country, null)
  await assert.rejects(
    perform(campaignSet, parts as never, { name: 'autumn', country: 'UK' }, ann),
    /the United Kingdom is GB/,
  )
})
