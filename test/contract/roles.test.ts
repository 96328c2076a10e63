/**
 * What a process does and does not do by its roles, and its limits: separate processes, as they run in a call centre.
 */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { campaignKeys } from '../../src/campaign/dial-wakeup.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import type { Person } from '../../src/testing/index.ts'
import { addLead } from '../add-lead.ts'
import { Told } from '../fault/matrix.ts'
import { NodeProcess } from '../fault/node-process.ts'
import { Crowd, seat } from '../fault/people.ts'
import { Proxy } from '../fault/proxy.ts'
import { Rig, until, type RigOptions } from '../fault/rig.ts'
import { PATIENCE_MS } from '../patience.ts'
import { SCRIPTS } from '../program.ts'

function sentence(name: string, options: RigOptions, run: (rig: Rig, t: TestContext) => Promise<void>): void {
  test(name, async t => {
    const rig = await Rig.open(t, new Told(), options)
    try {
      await run(rig, t)
    } catch (error) {
      process.stderr.write(`${rig.story()}\n`)
      throw error
    }
  })
}

/** A process with its own roles, which may open no port at all. */
async function start(
  rig: Rig,
  t: TestContext,
  name: string,
  settings: Readonly<Record<string, string>>,
): Promise<NodeProcess> {
  const own = { FREESWITCH: `127.0.0.1:${await rig.doorOf(name)}`, LISTEN: `127.0.0.1:${rig.ports.get(name)}` }
  const node = new NodeProcess({ name, folder: '/', settings: { ...own, ...(await rig.settings()), ...settings } })
  t.after(() => node.end())
  return node
}

function knock(port: number): Promise<'taken' | 'refused'> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port })
    const done = (how: 'taken' | 'refused') => {
      socket.destroy()
      resolve(how)
    }
    socket.once('connect', () => done('taken'))
    socket.once('error', () => done('refused'))
  })
}

sentence(
  'a process that only dials opens no port, and whoever it reaches is taken by one that listens',
  { settings: { SCRIPTS } },
  async (rig, t) => {
    const dialler = await start(rig, t, 'a', { ROLES: 'dialer', SCRIPTS })
    await dialler.says(/^no port is open/, PATIENCE_MS)
    assert.equal(await knock(rig.ports.get('a')!), 'refused')
    await rig.start(['b'], { ROLES: 'listener' })

    const { sim, sql } = rig
    await seat(rig, { queue: 'outbound', number: 1 })
    const ringing = new Promise<Person>(resolve =>
      sim.world.at(/^sofia\/gateway\//, { answers: '100ms', speaks: 'insistent', rings: resolve }),
    )
    const campaign = await putCampaign(sql, campaignFrom({ name: 'spring', queue: 'outbound' }))
    await addLead(sql, campaign.id, '+49301234567', Date.now())
    await moveCampaign(sql, campaign.id, ['draft'], 'running', Date.now())
    await rig.redis.publish(campaignKeys(rig.redis).wakeup, JSON.stringify({ what: 'campaign', name: 'spring' }))

    const lead = await ringing
    await until('the lead talks with the agent', () => lead.talksWith !== undefined, PATIENCE_MS)
    await until('the node has let them talk', () => rig.oracle.drivenBy(lead.uuid) === '', PATIENCE_MS)
    assert.deepEqual(new Set(rig.oracle.originated.map(one => one.node)), new Set(['a']))
    assert.deepEqual(new Set(rig.oracle.brought.map(one => one.node)), new Set(['b']))
    lead.hangUp()
    await until(
      'the attempt is settled',
      async () => (await sql`select 1 from attempts where disposition = 'talked'`).length === 1,
      PATIENCE_MS,
    )
    assert.doesNotMatch(dialler.log.join('\n'), /agents: /, 'without the desk there is no status line')
  },
)

sentence(
  'a second process of the same name does not start, and says what to change',
  { nodes: ['a'] },
  async (rig, t) => {
    await rig.start()
    const other = await start(rig, t, 'a', { LISTEN: '127.0.0.1:0' })
    const { code } = await other.exited
    assert.equal(code, 2)
    assert.match(await other.says(/NODE_NAME/, PATIENCE_MS), /a node called 'a' is running/)
  },
)

sentence(
  'a process that was frozen while another took its name goes when it moves again, and says why',
  { nodes: ['a'] },
  async (rig, t) => {
    const [frozen] = await rig.start()
    frozen!.stop()
    const other = await start(rig, t, 'a', { LISTEN: '127.0.0.1:0' })
    await other.says(/^listener: /, PATIENCE_MS)
    frozen!.cont()
    assert.equal((await frozen!.exited).code, 2)
    assert.match(await frozen!.says(/NODE_NAME=a/, PATIENCE_MS), /another process has taken this name/)
    assert.equal(other.exit, null, 'the other one stays')
  },
)

sentence(
  'a process that listens everywhere says that the switches cannot be told where it is',
  { nodes: ['a'] },
  async (rig, t) => {
    const everywhere = { LISTEN: '0.0.0.0:0', DOOR_KEY: 'sixteen-letters!' }
    const silent = await start(rig, t, 'a', everywhere)
    await silent.says(/LISTEN names no single address: set NODE_ADDRESS/, PATIENCE_MS)
    await silent.says(/^listener: 0\.0\.0\.0:[1-9]/, PATIENCE_MS)
    const told = await start(rig, t, 'b', { ...everywhere, NODE_ADDRESS: '127.0.0.1:9', LOG_LEVEL: 'warn' })
    await told.says(/^listener: /, PATIENCE_MS)
    assert.doesNotMatch(told.log.join('\n'), /NODE_ADDRESS/)
  },
)

sentence(
  'a node that is cut off from Redis gives its calls and whoever comes to the node that is not, and takes calls again when it is back',
  {},
  async (rig, t) => {
    const url = new URL((await rig.settings())['REDIS_URL']!)
    const proxy = await Proxy.open({ port: Number(url.port) })
    t.after(() => proxy.close())
    url.port = String(proxy.port)
    const [a] = await rig.start(['a'], { REDIS_URL: url.href })
    await rig.start(['b'])
    const crowd = new Crowd(rig)
    await crowd.call(1, { flow: 'patient' })
    await crowd.hear('fault/menu')
    assert.equal(rig.oracle.drivenBy(crowd.uuids[0]!), 'a')

    proxy.blackhole()
    await a!.says(
      /"msg":"this node could not renew its lease: FreeSWITCH offers its calls to the other nodes/,
      PATIENCE_MS,
    )
    await crowd.at('b')
    const late = new Crowd(rig)
    await late.call(1, { flow: 'patient' })
    await late.at('b')
    assert.equal(
      await knock(rig.ports.get('a')!),
      'taken',
      'its port stays open: nobody knows whether the other one can take what comes',
    )
    proxy.heal()
    await a!.says(/"msg":"ownership of calls was checked/, PATIENCE_MS)
    const next = new Crowd(rig)
    await next.call(1, { flow: 'patient' })
    await next.at('a')
    assert.equal([...crowd.lost, ...late.lost, ...next.lost].length, 0)
    for (const one of [crowd, late, next]) one.leave()
  },
)

sentence(
  'two nodes that are both cut off from Redis go on with their callers: nobody hears the apology, and nobody waits in silence',
  {},
  async (rig, t) => {
    const url = new URL((await rig.settings())['REDIS_URL']!)
    const proxy = await Proxy.open({ port: Number(url.port) })
    t.after(() => proxy.close())
    url.port = String(proxy.port)
    const nodes = await rig.start(['a', 'b'], { REDIS_URL: url.href })
    const crowd = new Crowd(rig)
    await crowd.call(3, { flow: 'patient' })
    await crowd.hear('fault/menu')
    const cut = performance.now()
    proxy.blackhole()
    await Promise.all(nodes.map(node => node.says(/"msg":"this node could not renew its lease/, PATIENCE_MS)))
    await until(
      'each of them hears the menu again',
      () => rig.oracle.heardAgain(crowd.uuids, cut).every(Number.isFinite),
      PATIENCE_MS,
    )
    const late = new Crowd(rig)
    await late.call(1, { flow: 'patient' })
    await late.hear('fault/menu')
    assert.equal([...crowd.lost, ...late.lost].length, 0)
    proxy.heal()
    await Promise.all(nodes.map(node => node.says(/"msg":"ownership of calls was checked/, PATIENCE_MS)))
    for (const one of [crowd, late]) one.leave()
  },
)

sentence(
  'a caller for whom there is no room hears the apology, and the next one is taken when somebody has gone',
  { nodes: ['a'], settings: { MAX_CALLS: '2' } },
  async rig => {
    const [a] = await rig.start()
    const crowd = new Crowd(rig)
    await crowd.call(2, { flow: 'patient' })
    await crowd.hear('fault/menu')
    const [third] = await crowd.call(1, { flow: 'patient' })
    await until('the third hears the apology', () => crowd.apologised.length === 1, PATIENCE_MS)
    assert.equal(crowd.apologised[0], third)
    const overflow = () =>
      rig.sql<
        { id: string }[]
      >`select id from calls where outcome = 'overflow' and ended_at is not null and from_number is not null`
    await until('the record says so', async () => (await overflow())[0]?.id === third!.uuid, PATIENCE_MS)
    const full = JSON.parse(await a!.says(/"msg":"this node is full/, PATIENCE_MS)) as Record<string, unknown>
    assert.deepEqual({ calls: full['calls'], maxCalls: full['maxCalls'] }, { calls: 2, maxCalls: 2 })
    crowd.leave()
    await a!.says(/"msg":"this node takes new calls again/, PATIENCE_MS)
    const late = new Crowd(rig)
    await late.call(1, { flow: 'patient' })
    await late.hear('fault/menu')
    late.leave()
  },
)

sentence(
  'the last node keeps its port open, though it gets twice as many calls as it should from one that died',
  {},
  async rig => {
    const [[a], [b]] = await Promise.all([rig.start(['a'], { MAX_CALLS: '2' }), rig.start(['b'])])
    rig.entry('b', 'a')
    const crowd = new Crowd(rig)
    await crowd.call(5, { flow: 'patient' })
    await crowd.hear('fault/menu')
    b!.kill()
    await crowd.at('a')
    await a!.says(/"msg":"this node has twice as many calls as MAX_CALLS/, PATIENCE_MS)
    assert.equal(await knock(rig.ports.get('a')!), 'taken')
    assert.deepEqual(
      crowd.uuids.map(uuid => rig.oracle.drivenBy(uuid)),
      Array(5).fill('a'),
    )
    assert.equal(crowd.lost.length, 0)
    crowd.leave()
  },
)

sentence(
  'a node with twice as many calls as it should closes its port while another one is open, and opens it when some have gone',
  { nodes: ['a', 'b', 'c'] },
  async rig => {
    const [, [b]] = await Promise.all([rig.start(['a'], { MAX_CALLS: '2' }), rig.start(['b']), rig.start(['c'])])
    rig.entry('b', 'a')
    const crowd = new Crowd(rig)
    await crowd.call(5, { flow: 'patient' })
    await crowd.hear('fault/menu')
    b!.kill()
    await crowd.at('a')
    await until(
      'its port is closed, for node c is open',
      async () => (await knock(rig.ports.get('a')!)) === 'refused',
      PATIENCE_MS,
    )
    crowd.leave(crowd.people.slice(0, 2))
    await until('its port is open', async () => (await knock(rig.ports.get('a')!)) === 'taken', PATIENCE_MS)
    assert.equal(crowd.lost.length, 0)
    crowd.leave()
  },
)
