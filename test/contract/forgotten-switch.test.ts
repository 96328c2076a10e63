/** FREESWITCH is not set by mistake: the simulation does not touch the lists, queues and agents of real people. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentEvents } from '../../src/events/events.ts'
import { redisRoster } from '../../src/agent/redis-roster.ts'
import { systemClock as clock } from '../../src/base/clock.ts'
import { DialWakeup } from '../../src/campaign/dial-wakeup.ts'
import { CampaignOwner } from '../../src/campaign/campaign-owner.ts'
import { defineCampaign, commandCampaign } from '../../src/campaign/campaign-commands.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import { demoDatabase, demoRedis } from '../../src/services/demo-places.ts'
import { campaignNamed, campaigns, claimCampaign, putCampaign } from '../../src/store/campaigns.ts'
import { noteHappened } from '../../src/store/installation.ts'
import { countLeads } from '../../src/store/leads.ts'
import { migrate } from '../../src/store/migrate.ts'
import { redisOptions } from '../../src/store/redis-options.ts'
import { openRedisClient } from '../../src/store/redis.ts'
import { openSql } from '../../src/store/sql.ts'
import { DEMO } from '../../src/testing/demo.ts'
import { createDemoData } from '../../src/testing/demo-data.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { openDatabase, openRedis } from '../open-services.ts'
import { openCampaignRig, until } from './campaign-rig.ts'
import { Installation } from './cli-process.ts'

const rig = await Installation.open()

test('a node with the stores of an installation and no FREESWITCH does not start, and says what is missing', async () => {
  const real = { DATABASE_URL: 'postgres://u@127.0.0.1:1/real', REDIS_URL: 'redis://127.0.0.1:1' }
  const run = await rig.starts('run', real)
  assert.equal(run.code, 2, run.err)
  assert.match(run.err, /FREESWITCH is missing although DATABASE_URL and REDIS_URL are set: set FREESWITCH .*or DEMO=1/)
  const doctor = await rig.types('doctor', { DATABASE_URL: real.DATABASE_URL })
  assert.equal(doctor.code, 1)
  assert.match(
    doctor.out,
    /^fault +freeswitch: FREESWITCH is missing although DATABASE_URL is set\. To fix: set FREESWITCH/m,
  )
})

test('private stores that have served a real FreeSWITCH are not given to a simulation either', async () => {
  await noteHappened(rig.sql, 'served-freeswitch')
  const run = await rig.starts('run', { LISTEN: '127.0.0.1:0' })
  assert.equal(run.code, 2, run.err)
  assert.match(run.err, /these stores have served a real FreeSWITCH/)
  assert.deepEqual(
    [(await campaigns(rig.sql)).length, (await rig.queueStore.queues()).length],
    [0, 0],
    'nothing was furnished',
  )
  const doctor = await rig.types('doctor')
  assert.match(doctor.out, /^fault +freeswitch: .*have served a real FreeSWITCH/m)
})

test('with DEMO=1 the demo has a schema and a Redis database of its own, and finds them again', async () => {
  await rig.queueStore.put({ name: 'real', strategy: 'longest-idle-agent' })
  const added = await rig.types('queue add sales', { DEMO: '1' })
  assert.equal(added.code, 0, added.err)
  const list = await rig.types('queue list --json', { DEMO: '1' })
  assert.deepEqual(
    (JSON.parse(list.out) as { name: string }[]).map(queue => queue.name),
    ['sales'],
  )
  assert.deepEqual(
    (await rig.queueStore.queues()).map(queue => queue.name),
    ['real'],
  )
})

test('the tables of the demo stand beside those of the installation', async t => {
  const { sql, address } = await openDatabase(t)
  const own = await demoDatabase(address)
  const demo = openSql(own, { max: 1 })
  t.after(() => demo.end({ timeout: 1 }))
  await migrate(demo)
  await putCampaign(demo, campaignFrom({ name: 'demo', queue: 'outbound' }))
  assert.equal((await campaigns(sql)).length, 0)
  assert.deepEqual(
    (await campaigns(demo)).map(one => one.name),
    ['demo'],
  )
  assert.deepEqual(await demoDatabase(address), own, 'a second time it is there already')
})

test('a database of Redis in which something stands is not taken for the demo', async t => {
  const { address } = await openRedis(t)
  const before = redisOptions(await demoRedis(address)).db
  const client = await openRedisClient(await demoRedis(address))
  t.after(() => client.disconnect())
  assert.equal(before, client.options.db, 'its own is found again')
  assert.notEqual(before, redisOptions(address).db)
  await client.del('sh:demo')
  await client.set('somebody-else', 'was here')
  const after = redisOptions(await demoRedis(address)).db
  assert.notEqual(after, before)
  await client.del('somebody-else')
})

test('the demo is furnished once, and keeps what a person has changed', async t => {
  const { sql } = await openDatabase(t)
  const { client: commands, address } = await openRedis(t)
  const subscriber = await openRedisClient(address, { kind: 'subscriber' })
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-demo-'))
  t.after(async () => {
    subscriber.disconnect()
    await rm(folder, { recursive: true })
  })
  const home = { commands, subscriber }
  const stores = {
    sql,
    wakeup: new DialWakeup(home),
    roster: redisRoster(home),
    queueStore: redisQueueStore(home),
    events: silentEvents,
  }
  await createDemoData(stores, folder, clock)
  const demo = (await campaignNamed(sql, DEMO.campaign))!
  assert.equal(demo.state, 'running')
  await sql`update leads set state = 'done' where id in (select id from leads limit 200)`
  await commandCampaign(stores, DEMO.campaign, 'pause', clock.now())
  await stores.roster.setStatus('alice', 'break', clock.now(), 'lunch')
  await createDemoData(stores, folder, clock) // the next start, or a second node in the same folder
  assert.equal((await campaignNamed(sql, DEMO.campaign))!.state, 'paused')
  assert.equal((await countLeads(sql, demo.id)).done, 200)
  assert.equal((await stores.roster.list(clock.now())).find(agent => agent.name === 'alice')!.status, 'break')
})

test('a node dials no campaign that was begun on the other kind of switch', async t => {
  const { sql, node, campaign } = await openCampaignRig(t)
  const spring = await campaign({ name: 'spring' })
  assert.equal(await claimCampaign(sql, spring.id, 'freeswitch'), true)
  const tried = await campaign({ name: 'tried' })
  assert.equal(await claimCampaign(sql, tried.id, 'simulation'), true)
  await campaign({ name: 'untouched' })
  const warned: string[] = []
  const owners = await Promise.all(
    (['simulation', 'freeswitch'] as const).map(async switches => {
      const parts = await node(switches)
      const log = {
        ...parts.log,
        warn: (fields: { campaign?: string }) => void warned.push(`${switches} ${fields.campaign}`),
      }
      return new CampaignOwner({
        redis: parts.home,
        context: { ...parts, log },
        nailed: { need: () => ({ [Symbol.dispose]() {} }) },
        switches,
      })
    }),
  )
  t.after(() => Promise.all(owners.map(owner => owner.close())))
  for (const owner of owners) owner.start()
  const dialled = () => owners.map(owner => [...owner.dialers.keys()].sort())
  await until(
    () => dialled().flat().length === 3 && warned.includes('simulation spring') && warned.includes('freeswitch tried'),
  )
  const [simulated, real] = dialled()
  assert.ok(simulated!.includes('tried') && !simulated!.includes('spring'), `the simulation dials ${simulated!.join()}`)
  assert.ok(real!.includes('spring') && !real!.includes('tried'), `the real node dials ${real!.join()}`)
  await defineCampaign({ sql, wakeup: (await node('c')).wakeup }, { name: 'spring', queue: 'sales' })
  assert.equal(
    (await campaignNamed(sql, 'spring'))!.switches,
    'freeswitch',
    'changing settings does not change whose it is',
  )
})
