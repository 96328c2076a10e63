/** Lists in a real database: which leads are added, which are claimed, and how they end. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createWriteStream, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { defineCampaign, importCampaign } from '../../src/campaign/campaign-commands.ts'
import type { DialWakeup } from '../../src/campaign/dial-wakeup.ts'
import { importLeads } from '../../src/campaign/import.ts'
import { refuseAttempt, settleAttempt } from '../../src/campaign/settle-attempt.ts'
import { attemptsOf, markConnected } from '../../src/store/attempts.ts'
import { callsOfCrm, callWithId, closeCall, openCall, recentCalls, saveCalls } from '../../src/store/calls.ts'
import { finishCampaign, moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import { optOut } from '../../src/store/do-not-call.ts'
import { countLeads, leadsOf } from '../../src/store/leads.ts'
import { addLead } from '../add-lead.ts'
import { claimDue, isDueAt } from '../claim-due.ts'
import { openDatabase } from '../open-services.ts'

const NOW = Date.UTC(2026, 2, 2, 9)

async function rig(t: TestContext) {
  const { sql } = await openDatabase(t)
  const campaign = await putCampaign(sql, campaignFrom({ name: 'spring', queue: 'sales', maxAttempts: 2 }))
  await moveCampaign(sql, campaign.id, ['draft'], 'running', NOW)
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-list-'))
  t.after(() => rm(folder, { recursive: true }))
  const list = async (text: string | Buffer) => {
    const file = join(folder, 'list.csv')
    await writeFile(file, text)
    return importLeads({ sql, campaign: campaign.id, file, now: NOW })
  }
  const claim = (n: number, now = NOW) =>
    claimDue(sql, {
      campaign: campaign.id,
      node: 'a',
      gateway: 'carrier',
      core: randomUUID(),
      now,
      until: now + 60_000,
      ids: Array.from({ length: n }, () => randomUUID()),
    })
  return { sql, campaign, folder, list, claim }
}

test('a list is added, and what cannot be called is said line by line and kept in a file', async t => {
  const { sql, campaign, folder, list } = await rig(t)
  await optOut(sql, '+491709', 'supervisor', NOW)
  const bad = Buffer.concat([
    Buffer.from('+491706,'),
    Buffer.from([0x4d, 0xfc, 0x6c]),
    Buffer.from(',x\n+491707,N\0L,x\n'),
  ])
  const summary = await list(
    Buffer.concat([
      Buffer.from('\ufeffPhone-Number,Name,note\r\n'),
      Buffer.from('+49 170 1,Anna,"two\r\nlines"\r\n0049 170-2,Bert,\\N\t"x"\r\n+491701,again,\r\nnobody,Carl,x\r\n'),
      Buffer.from('+491703,Dora\r\n+491709,Emil,\r\n+491704,"Fred" x,y\r\n'),
      bad,
    ]),
  )
  const { firstFaults, ...counts } = summary
  const rejectFile = join(folder, 'list.csv.rejected.csv')
  const encoding = 'utf-8'
  assert.deepEqual(counts, { read: 9, added: 3, duplicates: 1, optedOut: 1, rejected: 4, rejectFile, encoding })
  const faults = firstFaults.map(({ line, column }) => [line, column])
  assert.deepEqual(faults, [
    [6, 'Phone-Number'],
    [9, null],
    [10, 'Name'],
    [11, 'Name'],
  ])
  assert.ok(
    firstFaults.every(fault => fault.file.endsWith('list.csv') && fault.allowed !== ''),
    'each says where and what is allowed',
  )
  const leads = await leadsOf(sql, campaign.id, 10)
  assert.deepEqual(
    leads.map(({ phone, fields }) => [phone, fields]),
    [
      ['+491701', { Name: 'Anna', note: 'two\r\nlines' }],
      ['+491702', { Name: 'Bert', note: '\\N\t"x"' }],
      ['+491703', { Name: 'Dora', note: '' }],
    ],
  )
  const rejects = (await readFile(rejectFile, 'utf8')).split('\n')
  assert.equal(rejects[0], 'Phone-Number,Name,note,reason')
  assert.match(rejects[1]!, /^nobody,Carl,x,"line 6, Phone-Number: a number to dial/)
})

test('a list without a column for the number adds nothing and says what is missing', async t => {
  const { sql, campaign, list } = await rig(t)
  await assert.rejects(list('name,city\nAnna,Ulm\n'), {
    code: 'BAD_INPUT',
    message: /no column holds the number.*name, city/,
  })
  await assert.rejects(list(''), { code: 'BAD_INPUT', message: /is empty/ })
  await assert.rejects(importLeads({ sql, campaign: campaign.id, file: '/nowhere/list.csv', now: NOW }), {
    code: 'BAD_INPUT',
  })
  assert.deepEqual(await countLeads(sql, campaign.id), { ready: 0, claimed: 0, done: 0 })
})

test('a setting that a supervisor changes while a long list is imported stays changed', async t => {
  const { sql, folder } = await rig(t)
  const file = join(folder, 'long.csv')
  await writeFile(file, 'phone\n+4930123001\n')
  const parts = { sql, wakeup: { ring: async () => {} } as unknown as DialWakeup }
  const meanwhile = new Proxy(sql, {
    get: (target, name) =>
      name === 'begin'
        ? async (...work: Parameters<typeof sql.begin>) => {
            await defineCampaign(parts, { name: 'spring', maxLines: 3 })
            return target.begin(...work)
          }
        : (Reflect.get(target, name) as unknown),
  })
  const given = { name: 'spring', cps: 2 }
  const { campaign, summary } = await importCampaign({ ...parts, sql: meanwhile }, given, { file, now: NOW })
  assert.deepEqual([campaign.maxLines, campaign.cps, campaign.maxAttempts, summary.added], [3, 2, 2, 1])
})

test('a hundred thousand people are added, and a second time nobody is', async t => {
  const { sql, campaign, folder } = await rig(t)
  const file = join(folder, 'long.csv')
  const out = createWriteStream(file)
  out.write('name;phone;street\n')
  for (let n = 0; n < 100_000; n++)
    if (!out.write(`"Person ${n}";+49170${1_000_000 + n};Street ${n}\n`)) await once(out, 'drain')
  out.end()
  await once(out, 'close')
  const began = performance.now()
  const first = await importLeads({ sql, campaign: campaign.id, file, now: NOW })
  const took = performance.now() - began
  assert.equal(first.added, 100_000)
  assert.equal(first.rejectFile, null)
  assert.equal(existsSync(`${file}.rejected.csv`), false)
  t.diagnostic(`100 000 leads in ${Math.round(took)} ms`)
  const again = await importLeads({ sql, campaign: campaign.id, file, now: NOW })
  assert.deepEqual([again.added, again.duplicates], [0, 100_000])
})

test('two who claim at the same time never get the same lead', async t => {
  const { sql, campaign, list, claim } = await rig(t)
  await list(`phone\n${Array.from({ length: 200 }, (_, n) => `+4917${1_000 + n}`).join('\n')}`)
  const claims = await Promise.all(Array.from({ length: 8 }, () => claim(30)))
  const leads = claims.flat().map(one => one.lead)
  assert.equal(leads.length, 200)
  assert.equal(new Set(leads).size, 200)
  assert.deepEqual(await countLeads(sql, campaign.id), { ready: 0, claimed: 200, done: 0 })
})

test('nobody is claimed for a campaign that was paused, nor who opted out', async t => {
  const { sql, campaign, list, claim } = await rig(t)
  await list('phone\n+49111\n+4917\n+4918\n')
  await optOut(sql, '+4917', 'flow', NOW)
  assert.equal((await claim(9)).length, 2)
  await addLead(sql, campaign.id, '+49333', NOW)
  await moveCampaign(sql, campaign.id, ['running'], 'paused', NOW)
  assert.equal((await claim(9)).length, 0)
})

test('the first word on an attempt stands, and a later one is told so', async t => {
  const { sql, list, claim } = await rig(t)
  await list('phone\n+49111\n')
  const [one] = await claim(1)
  await markConnected(sql, one!.attempt, 'alice', NOW)
  const first = await settleAttempt(sql, one!.attempt, 'talked', { agent: 'alice' }, NOW)
  const second = await settleAttempt(sql, one!.attempt, 'hung-up', { cause: 'NORMAL_CLEARING' }, NOW)
  assert.deepEqual([first?.settled, first?.again], [true, null])
  assert.deepEqual([second?.settled, second?.disposition], [false, 'talked'])
  assert.equal(await settleAttempt(sql, randomUUID(), 'talked', {}, NOW), null)
})

test('a busy lead is due again at its time, twice at most', async t => {
  const { sql, campaign, list, claim } = await rig(t)
  await list('phone\n+49111\n')
  const [one] = await claim(1)
  assert.equal((await settleAttempt(sql, one!.attempt, 'busy', {}, NOW))?.again, NOW + 600_000)
  assert.equal(await isDueAt(sql, campaign.id), NOW + 600_000)
  assert.equal((await claim(1, NOW + 599_999)).length, 0)
  const [two] = await claim(1, NOW + 600_000)
  assert.equal((await settleAttempt(sql, two!.attempt, 'busy', {}, NOW))?.again, null)
  assert.equal((await attemptsOf(sql, one!.lead)).length, 2)
  assert.equal(await finishCampaign(sql, campaign.id, NOW), true)
})

test('a refusal of the switch uses up no attempt', async t => {
  const { sql, campaign, list, claim } = await rig(t)
  await list('phone\n+49111\n')
  for (let n = 0; n < 5; n++) {
    const [one] = await claim(1, NOW + n)
    await refuseAttempt(sql, one!.attempt, 'GATEWAY_DOWN', NOW + n + 1, NOW + n)
  }
  const [lead] = await leadsOf(sql, campaign.id, 1)
  assert.deepEqual([lead!.attempts, lead!.state, lead!.disposition], [0, 'ready', null])
})

test('who opts out in a talk is taken from every list, whichever campaign called', async t => {
  const { sql, campaign, list, claim } = await rig(t)
  const other = await putCampaign(sql, campaignFrom({ name: 'autumn', queue: 'sales' }))
  await list('phone\n+49111\n')
  await addLead(sql, other.id, '+49111', NOW)
  const [one] = await claim(1)
  await settleAttempt(sql, one!.attempt, 'opted-out', {}, NOW)
  assert.equal((await countLeads(sql, other.id)).done, 1)
  assert.equal((await countLeads(sql, campaign.id)).done, 1)
})

test('a call leaves one row, closed once, found again by the number of the CRM', async t => {
  const { sql } = await rig(t)
  const id = randomUUID()
  const who = { direction: 'inbound', from: '+491', to: '2000', crm: { crmuuid: 'c-1' }, agent: 'alice' } as const
  const call = { id, flow: 'welcome', core: null, node: 'a', startedAt: NOW, ...who }
  await openCall(sql, call)
  await openCall(sql, { ...call, node: 'b' })
  const way = {
    otherLeg: null,
    queue: null,
    gateway: null,
    waitMs: null,
    ringMs: null,
    talkMs: null,
    holdMs: null,
    segments: [],
    recording: null,
  }
  const entered = { at: 1, event: 'queue.call.entered', v: 1, queue: 'sales' } as const
  await saveCalls(sql, [{ ...call, ...way, node: 'b', queueTimeline: [entered], end: null }])
  const end = { endedAt: NOW + 5_000, hangupCause: 'NORMAL_CLEARING', outcome: 'talked' }
  assert.equal(await closeCall(sql, id, end), true)
  assert.equal(await closeCall(sql, id, { endedAt: NOW + 9_000, hangupCause: null, outcome: 'error' }), false)
  const row = await callWithId(sql, id)
  assert.deepEqual([row?.node, row?.outcome, row?.agent, row?.queueTimeline], ['b', 'talked', 'alice', [entered]])
  assert.equal(row?.endedAt?.getTime(), NOW + 5_000)
  assert.equal((await callsOfCrm(sql, 'c-1')).length, 1)
  assert.equal((await recentCalls(sql, 5, new Date(NOW))).length, 0)
})
