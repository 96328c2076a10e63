/**
 * The commands that a supervisor types, and their answers: real stores, and a separate process where the process
 * matters.
 */
import assert from 'node:assert/strict'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { closeCall, openCall, saveCalls } from '../../src/store/calls.ts'
import { moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import type { Claimed } from '../../src/store/claims.ts'
import { claimDue } from '../claim-due.ts'
import { SimulatedSwitch } from '../../src/testing/index.ts'
import { addLead } from '../add-lead.ts'
import { SHIPPED } from '../program.ts'
import { Installation, takePort } from './cli-process.ts'

const rig = await Installation.open()
const { sql, queueStore } = rig

test('a supervisor sets up a queue, an agent and a campaign, starts it and asks how it goes', async () => {
  assert.equal((await rig.starts('queue add sales')).code, 0)
  assert.equal((await rig.types('agent add alice user/1001 --queues sales')).code, 0)
  const list = await rig.file(
    'spring.csv',
    'name,phone\nAnn,+49 30 123451\nBob,call me\nCid,004930123452\nAnn,+4930123451\n',
  )
  const added = await rig.types(`campaign add spring --leads ${list} --queue sales --max-lines 3 --cps 0.5`)
  assert.equal(added.code, 0, added.err)
  assert.equal(
    added.out,
    `campaign spring (draft): 4 lines read, 2 added, 1 already there, 0 opted out, 1 rejected (see ${list}.rejected.csv)\n`,
  )
  assert.match(added.err, /spring\.csv, line 3, phone: 'call me' cannot be used; allowed: a number to dial/)

  const paused = await rig.types('campaign pause spring')
  assert.equal(paused.code, 4)
  assert.match(paused.err, /^switchhook: the campaign 'spring' is draft and cannot become paused/)
  const started = await rig.types('campaign start spring --json')
  assert.deepEqual(JSON.parse(started.out), {
    ...{ campaign: 'spring', state: 'running', queue: 'sales', agentsReady: 0, callsAtAnyHour: true },
  })
  assert.match(started.err, /people are called at any hour of the day: set the law/)

  const more = await rig.types(
    `campaign add spring --leads ${await rig.file('more.csv', 'phone\n+4930123453\n')} --json`,
  )
  assert.equal((JSON.parse(more.out) as { added: number }).added, 1)
  const { out } = await rig.types('campaign show spring --json')
  const { state, left, dialled, abandonRate, maxLines, cps } = JSON.parse(out) as Record<string, unknown>
  assert.deepEqual({ state, left, dialled, abandonRate }, { state: 'running', left: 3, dialled: 0, abandonRate: null })
  assert.deepEqual({ maxLines, cps }, { maxLines: 3, cps: 0.5 }, 'more leads change no settings')
})

test('what cannot be found or used is one clear line, without a stack, and makes nothing', async () => {
  await queueStore.put({ name: 'sales', strategy: 'longest-idle-agent' })
  const list = await rig.file('c.csv', 'phone\n+4930123003\n')
  const wrong: [words: string, code: number, message: RegExp][] = [
    [`campaign add w --leads ${list}x --queue sales`, 2, /^switchhook: .*c\.csvx cannot be read: ENOENT/],
    [`campaign add w --leads ${list} --queue sale`, 3, /^switchhook: no queue is called 'sale' \(known: sales\)\n$/],
    [`campaign add w --leads ${list} --queue sales --flow welcome`, 2, /'welcome' is not a campaignFlow/],
    [
      `campaign add w --leads ${list} --queue sales --cps fast`,
      2,
      /--cps: 'fast' cannot be used; allowed: 0\.01 to 1000/,
    ],
    ['campaign start w', 3, /^switchhook: no campaign is called 'w'/],
    [
      `campaign add n --leads ${await rig.file('d.csv', 'phone\nnobody\n')} --queue sales`,
      2,
      /no line of .*d\.csv could be used/,
    ],
  ]
  for (const [words, code, message] of wrong) {
    const said = await rig.types(words)
    assert.equal(said.code, code, `${words}: ${said.err}`)
    assert.match(said.err, message, words)
    assert.doesNotMatch(said.err, /\n\s+at /, words)
  }
})

test('a list that cannot be used leaves no campaign behind, and an existing campaign as it was', async () => {
  await queueStore.put({ name: 'sales', strategy: 'longest-idle-agent' })
  const lists = [
    await rig.file('head.csv', 'phone,name\n'),
    await rig.file('headless.csv', 'name,city\nAnna,Ulm\n'),
    await rig.file('bad.csv', 'phone\nnobody\n'),
    await rig.file('binary.csv', '\x7fELF\x02\x01\0\0\0'),
    await rig.file('empty.csv', ''),
    rig.folder,
  ]
  const good = await rig.file('good.csv', 'phone\n+4930123003\n')
  await rig.types(`campaign add there --leads ${good} --queue sales --max-lines 7`)
  for (const list of lists) {
    assert.equal((await rig.types(`campaign add gone --leads ${list} --queue sales`)).code, 2, list)
    assert.equal((await rig.types(`campaign add there --leads ${list} --max-lines 9`)).code, 2, list)
  }
  assert.equal((await rig.types('campaign show gone')).code, 3)
  const { out } = await rig.types('campaign show there --json')
  const { maxLines, left } = JSON.parse(out) as Record<string, unknown>
  assert.deepEqual({ maxLines, left }, { maxLines: 7, left: 1 })
})

test('a supervisor changes one setting of a campaign without a list, and removes the campaign when it has stopped', async () => {
  await queueStore.put({ name: 'sales', strategy: 'longest-idle-agent' })
  const list = await rig.file('set.csv', 'phone\n+4930123003\n')
  await rig.types(`campaign add may --leads ${list} --queue sales --max-lines 7 --cps 2`)
  const set = await rig.types('campaign set may --max-lines 4 --json')
  assert.equal(set.code, 0, set.err)
  const { maxLines, cps, queue, left } = JSON.parse(set.out) as Record<string, unknown>
  assert.deepEqual({ maxLines, cps, queue, left }, { maxLines: 4, cps: 2, queue: 'sales', left: 1 })
  const refused: [words: string, code: number, message: RegExp][] = [
    [
      'campaign set may',
      2,
      /nothing to change: give at least one of --queue, --flow, --mode, --calls-per-agent, --caller-id/,
    ],
    ['campaign set may --max-lines 0', 2, /a whole number from 1 to/],
    ['campaign set may --queue sale', 3, /no queue is called 'sale'/],
    ['campaign set june --cps 1', 3, /no campaign is called 'june'/],
    ['campaign remove june', 3, /no campaign is called 'june'/],
  ]
  for (const [words, code, message] of refused) {
    const said = await rig.types(words)
    assert.equal(said.code, code, `${words}: ${said.err}`)
    assert.match(said.err, message, words)
  }
  await rig.types('campaign start may')
  const running = await rig.types('campaign remove may')
  assert.equal(running.code, 4, running.err)
  assert.match(running.err, /the campaign 'may' is running; pause or stop it/)
  await rig.types('campaign stop may')
  await rig.sql`update leads set state = 'claimed', claimed_until = now(), claimed_by = 'a' where campaign_id = (select id from campaigns where name = 'may')`
  assert.match((await rig.types('campaign remove may')).err, /has 1 live calls; remove it when they have ended/)
  await rig.sql`update leads set state = 'ready', claimed_until = null, claimed_by = null where campaign_id = (select id from campaigns where name = 'may')`
  assert.equal((await rig.types('campaign remove may')).out, 'campaign may was removed\n')
  assert.equal((await rig.types('campaign show may')).code, 3)
})

test('a supervisor sees what came of each lead, and takes the whole list out as CSV', async () => {
  await queueStore.put({ name: 'sales', strategy: 'longest-idle-agent' })
  const first = await rig.file('one.csv', 'phone,name\n+4930123001,"Meier, Anna"\n+4930123002,Bert\n')
  const second = await rig.file('two.csv', 'phone,city\n+4930123003,Ulm\n')
  await rig.types(`campaign add lists --leads ${first} --queue sales`)
  await rig.types(`campaign add lists --leads ${second}`)
  await rig.sql`update leads set state = 'done', attempts = 2, disposition = 'busy' where phone = '+4930123002'`
  await rig.sql`update leads set next_at = '2026-11-30T12:00:00Z' where phone <> '+4930123002'`
  const csv = await rig.types('campaign leads lists --csv')
  assert.deepEqual(csv.out.split('\n'), [
    'phone,name,city,lead_state,lead_attempts,lead_disposition,lead_next_call',
    '+4930123001,"Meier, Anna",,ready,0,,2026-11-30T12:00:00.000Z',
    '+4930123002,Bert,,done,2,busy,',
    '+4930123003,,Ulm,ready,0,,2026-11-30T12:00:00.000Z',
    '',
  ])
  const shown = await rig.types('campaign leads lists --limit 2')
  assert.match(
    shown.out,
    /^PHONE +STATE +ATTEMPTS +WHAT CAME OF THEM +DISPOSITION +NEXT CALL\n\+4930123001.*\n\+4930123002 +done +2 +– +busy +–\n$/,
  )
  assert.equal((await rig.types('campaign leads list')).code, 3)
})

test('a campaign that starts without a ready agent says why nobody is dialled', async () => {
  await queueStore.put({ name: 'quiet', strategy: 'longest-idle-agent' })
  const list = await rig.file('quiet.csv', 'phone\n+4930123001\n')
  await rig.types(`campaign add quiet --leads ${list} --queue quiet`)
  await rig.types('agent add dora user/1009 --queues quiet')
  const started = await rig.types('campaign start quiet')
  assert.match(started.out, /^campaign quiet is running\nno agent of the queue quiet is ready: nobody is dialled until/)
  await rig.types('agent ready dora')
  assert.equal((await rig.types('campaign start quiet')).out, 'campaign quiet is running\n')
  await rig.types('campaign stop quiet')
})

test('a supervisor removes a queue, and is told what stands in the way', async () => {
  await rig.types('queue add later')
  await rig.types('agent add carl user/1007 --queues later')
  const refused = await rig.types('queue remove later')
  assert.deepEqual([refused.code, refused.out], [4, ''])
  assert.match(refused.err, /^switchhook: the queue 'later' has agents: carl; give them other queues first/)
  await rig.types('agent remove carl')
  assert.equal((await rig.types('queue remove later')).out, 'queue later was removed\n')
  assert.equal((await rig.types('queue remove later')).code, 3)
})

test('what needs one store only is answered while the other is away, and what needs both says which one is', async () => {
  const nobody = await takePort()
  await nobody.close()
  const noRedis = { REDIS_URL: `redis://127.0.0.1:${nobody.port}` }
  const queues = await rig.types('queue list', { DATABASE_URL: `postgres://u@127.0.0.1:${nobody.port}/x` })
  const calls = await rig.types('calls', noRedis)
  const start = await rig.types('campaign start spring', noRedis)
  assert.deepEqual([queues.code, calls.code], [0, 0], queues.err + calls.err)
  assert.equal(start.code, 1)
  assert.match(start.err, /^switchhook: REDIS_URL: no Redis answers at 127\.0\.0\.1:/)
})

test('settings that cannot be used are told all at once, and nothing is opened', async () => {
  const said = await rig.starts('queue list', {
    CPS: '0',
    LISTEN: '0.0.0.0:8084',
    RING_FOR: '20',
    REDIS_URL: 'http://user:hidden@x',
  })
  assert.equal(said.code, 2)
  for (const name of ['CPS=0', 'DOOR_KEY is missing', 'RING_FOR=20', 'REDIS_URL=…'])
    assert.ok(said.err.includes(`  - ${name}`), said.err)
  assert.ok(!said.err.includes('hidden'))
})

const startedAt = Date.parse('2026-03-01T10:00:00Z')

test('the operator finds a call by its number, written with a plus or without', async () => {
  const call = {
    id: '0c0f0a52-0000-4000-8000-000000000001',
    flow: 'welcome',
    direction: 'inbound' as const,
    from: '4930777',
    to: '100',
    core: null,
    node: 'n1',
    startedAt,
  }
  await openCall(sql, { ...call, agent: 'alice' })
  const crm = { crmuuid: 'case-42' }
  await openCall(sql, { ...call, id: '0c0f0a52-0000-4000-8000-000000000002', from: '4930778', crm })
  await closeCall(sql, call.id, { endedAt: startedAt + 75_000, hangupCause: 'NORMAL_CLEARING', outcome: 'talked' })
  const { out, code } = await rig.types('calls --number +4930777')
  assert.equal(code, 0)
  assert.match(out, /^BEGAN .*\n\S+ \S+ +in +4930777 +100 +welcome +alice +1m15s +talked +NORMAL_CLEARING\n$/)
  assert.equal((JSON.parse((await rig.types('calls --limit 1 --json')).out) as unknown[]).length, 1)
  const ofCrm = JSON.parse((await rig.types('calls --crmuuid case-42 --json')).out) as { from: string }[]
  assert.deepEqual(
    ofCrm.map(one => one.from),
    ['4930778'],
  )
  assert.equal((await rig.types('calls --crmuuid case-42 --number 1001')).code, 2)
})

test('the operator sees the calls of a campaign with their leads, how long each part lasted and who hung up', async () => {
  const campaign = await putCampaign(sql, campaignFrom({ name: 'autumn', queue: 'sales' }))
  await moveCampaign(sql, campaign.id, ['draft'], 'running', startedAt)
  await addLead(sql, campaign.id, '+4930779', startedAt)
  const id = '0c0f0a52-0000-4000-8000-000000000003'
  const claim = {
    campaign: campaign.id,
    node: 'n1',
    gateway: 'carrier',
    core: id,
    now: startedAt,
    until: startedAt + 1_000,
    ids: [id],
  }
  const [{ lead }] = (await claimDue(sql, claim)) as [Claimed]
  const times = { waitMs: 2_000, ringMs: 6_000, talkMs: 60_000, holdMs: 0, segments: [] }
  const end = { at: startedAt + 75_000, cause: 'NORMAL_CLEARING', outcome: 'talked', hungUpBy: 'agent', events: [] }
  const call = {
    id,
    flow: 'campaign-leg',
    direction: 'outbound',
    from: '+4930779',
    to: null,
    core: null,
    node: 'n1',
    startedAt,
    customer: '+4930779',
  } as const
  await saveCalls(sql, [
    {
      ...call,
      ...times,
      agent: 'alice',
      otherLeg: null,
      queue: 'sales',
      gateway: null,
      queueTimeline: [],
      recording: null,
      end,
    },
  ])
  const { out, code } = await rig.types('calls --campaign autumn --long')
  assert.equal(code, 0)
  assert.match(
    out,
    new RegExp(
      `^BEGAN .*\\n.* out +\\+4930779 .* talked +NORMAL_CLEARING +2s +6s +1m0s +0s +agent +${id} +${lead}\\n$`,
    ),
  )
  const unknown = await rig.types('calls --campaign summer')
  assert.deepEqual([unknown.code, /no campaign is called 'summer'.*autumn/.test(unknown.err)], [3, true])
})

test('a node whose port is taken says so and ends', async t => {
  const taken = await takePort()
  t.after(() => taken.close())
  const said = await rig.starts('run', { LISTEN: `127.0.0.1:${taken.port}` })
  assert.equal(said.code, 1)
  assert.match(said.err, new RegExp(`switchhook: cannot listen on 127\\.0\\.0\\.1:${taken.port}: the port is in use`))
})

test('a node with a wrong password says whose and ends with "refused"', async t => {
  const port = await simulated(t, 'horse-battery')
  const said = await rig.starts('run', {
    FREESWITCH: `127.0.0.1:${port}`,
    FREESWITCH_PASSWORD: 'wrong',
    LISTEN: '127.0.0.1:0',
  })
  assert.equal(said.code, 4)
  assert.match(said.err, new RegExp(`switchhook: 127\\.0\\.0\\.1:${port} refused the password .*FREESWITCH_PASSWORD`))
  assert.ok(!said.err.includes('horse-battery'))
})

test('the program runs from any folder and through a link, as npx calls it', async () => {
  const link = join(rig.folder, 'switchhook')
  await symlink(join(SHIPPED, 'src/bin.mjs'), link)
  const said = await rig.starts('--help', {}, link)
  assert.equal(said.code, 0, said.err)
  assert.match(said.out, /^Usage: switchhook <command>/)
})

async function simulated(t: TestContext, password: string): Promise<number> {
  const sim = new SimulatedSwitch({ clock: systemClock, password, network: 'tcp', heartbeat: false })
  t.after(() => sim.close())
  return sim.listen({ port: 0 })
}

test('a list of leads cannot steer the terminal of whoever imports it', async () => {
  const evil = '\x1b]52;c;cm0gLXJm\x07\x9b2J'
  for (const text of [`phone\n${evil}\n+4930123459\n`, `${evil},b\n1,2\n`]) {
    const { out, err } = await rig.types(`campaign add evil --leads ${await rig.file('evil.csv', text)} --queue sales`)
    assert.match(err, /␛\]/)
    assert.doesNotMatch(out + err, /[^\P{Cc}\n\t]/u)
  }
})
