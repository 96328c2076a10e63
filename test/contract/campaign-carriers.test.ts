/** The gateways of campaigns on real stores: whose turn it is, what a refusal does, and lines that all share. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { SharedGatewayLines } from '../../src/campaign/gateway-lines.ts'
import type { Dialer } from '../../src/campaign/dialer.ts'
import { GatewayTable } from '../../src/campaign/gateway-table.ts'
import { silentLog } from '../../src/base/log.ts'
import { uuid } from '../../src/esl/safe-text.ts'
import { attemptsOf } from '../../src/store/attempts.ts'
import { campaignNamed } from '../../src/store/campaigns.ts'
import { deleteGateway, saveGateway } from '../../src/store/gateways.ts'
import { openCampaignRig, until } from './campaign-rig.ts'

const ways = (...names: string[]) =>
  names.map(text => {
    const [name = '', weight = '1'] = text.split(':')
    return { name, weight: Number(weight) }
  })
const limits = (name: string, lines: number, cps = 1_000, enabled = true) => ({ name, lines, cps, enabled })

test('of ten calls nine go over one gateway and one over the other, evenly and from both nodes', async t => {
  const { node } = await openCampaignRig(t)
  const nodes = [await node('a'), await node('b')]
  const gateways = ways('carrier:9', 'backup:1').map(way => ({ ...way, limits: null }))
  const ask = { campaign: 'spring', ofCampaign: { lines: 999, cps: 999 }, at: 'fs', holdMs: 60_000, gateways }
  const order: string[] = []
  for (let n = 0; n < 30; n++) {
    const { capacity } = nodes[n % 2]!
    const { ids } = await capacity.take({ ...ask, now: systemClock.now(), ids: [randomUUID()] })
    order.push(capacity.gatewayOf(ids[0]!)!)
  }
  const backups = order.flatMap((name, n) => (name === 'backup' ? [n] : []))
  assert.deepEqual(
    backups.map((at, n) => at - (backups[n - 1] ?? at - 10)),
    [10, 10, 10],
    order.join(' '),
  )
})

test('a gateway takes no more calls than it has lines and starts, and the others get the rest', async t => {
  const { node } = await openCampaignRig(t)
  const { capacity } = await node('a')
  const now = systemClock.now()
  const gateways = [
    { name: 'carrier', weight: 1, limits: { lines: 2, cps: 100 } },
    { name: 'backup', weight: 1, limits: { lines: 100, cps: 3 } },
  ]
  const ask = { ofCampaign: { lines: 999, cps: 999 }, at: 'fs', holdMs: 60_000, gateways }
  const many = (count: number) => Array.from({ length: count }, () => randomUUID())
  const granted = await capacity.take({ ...ask, campaign: 'spring', now, ids: many(9) })
  const over = granted.ids.map(id => [id, capacity.gatewayOf(id)] as const)
  const count = (name: string) => over.filter(([, gateway]) => gateway === name).length
  assert.deepEqual([granted.ids.length, count('carrier'), count('backup')], [5, 2, 3])
  const autumn = await capacity.take({ ...ask, campaign: 'autumn', now: now + 400, ids: many(3) })
  assert.deepEqual(autumn.ids, [], 'another campaign shares them')
  assert.deepEqual(autumn.gateways, [
    { name: 'carrier', lines: 0, starts: 98, nextStartMs: 0 },
    { name: 'backup', lines: 97, starts: 0, nextStartMs: 601 },
  ])
  const [free] = over.find(([, gateway]) => gateway === 'carrier')!
  assert.equal(await capacity.giveBack('spring', free, 'carrier'), true)
  assert.equal((await capacity.take({ ...ask, campaign: 'autumn', now: now + 500, ids: many(3) })).ids.length, 1)
  const { lines } = (await capacity.take({ ...ask, campaign: 'autumn', now: now + 60_501, ids: [] })).gateways![0]!
  assert.equal(lines, 2, 'the lines of a dead node expire')
})

test('two campaigns on two nodes never use more lines of a gateway than it has, and go on when one is free', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  await saveGateway(sql, limits('carrier', 5), systemClock.now())
  await agents(20)
  carrier.behaviour = () => 'rings'
  const dialers = [
    await dial('a', await campaign({ name: 'spring', ringForMs: 120_000 }, 12)),
    await dial('b', await campaign({ name: 'autumn', ringForMs: 120_000, gateways: ways('carrier') }, 12)),
  ]
  const isFull = ({ last }: Dialer) => last?.decision.why === 'gateway' && last.decision.howMany === 0
  await until(() => carrier.legs.size === 5 && dialers.every(isFull))
  assert.equal(dialers[0]!.last!.seen.gateways!.words, 'all lines of carrier are in use')
  const shown = async () => (await campaignNamed(sql, 'autumn'))?.gatewayWhy?.words
  assert.equal(await until(shown), 'all lines of carrier are in use')
  for (const leg of [...carrier.legs].slice(0, 3)) carrier.hangUp(leg, 'USER_BUSY')
  await until(() => carrier.dialled.length === 8)
  await Promise.all(dialers.map(dialer => dialer.stop()))
  assert.equal(carrier.legs.size, 5)
  assert.equal((await sql`select 1 from attempts where state = 'ended' and disposition is null`).length, 0)
})

test('a lead whom a gateway refused is called over the next one, with an attempt of its own that alone counts', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  await agents(1)
  carrier.behaviour = (_, gateway) => (gateway === 'carrier' ? 'congested' : 'busy')
  const ended: (readonly [string, number])[] = []
  carrier.on('dialled', ({ uuid: leg }) => {
    ended.push([leg, carrier.legs.size]) // nothing else lives when it is dialled
  })
  const spring = await campaign({ gateways: ways('carrier:9', 'backup'), maxAttempts: 3 }, 1)
  const dialer = await dial('a', spring)
  await until(async () => (await sql`select 1 from leads where attempts = 1 and disposition = 'busy'`).length === 1)
  await dialer.stop()
  assert.deepEqual(
    carrier.dialled.map(({ gateway }) => gateway),
    ['carrier', 'backup'],
  )
  assert.deepEqual(
    ended.map(([, others]) => others),
    [0, 0],
  )
  const rows = await attemptsOf(sql, (await sql<{ id: number }[]>`select id from leads`)[0]!.id)
  assert.deepEqual(
    rows.map(({ gateway, cause, disposition }) => [gateway, cause, disposition]),
    [
      ['carrier', 'NORMAL_TEMPORARY_FAILURE', null],
      ['backup', 'USER_BUSY', 'busy'],
    ],
  )
  assert.ok(rows[0]!.endedAt! <= rows[1]!.intendedAt, 'the second row is written after the first has ended')
  assert.notEqual(rows[0]!.id, rows[1]!.id)
})

test('a lead who was refused keeps the place before the others', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  await agents(1)
  carrier.behaviour = (_, gateway) => (gateway === 'carrier' ? 'no-route' : 'busy')
  const dialer = await dial('a', await campaign({ gateways: ways('carrier', 'backup') }, 3))
  await until(async () => (await sql`select 1 from leads where attempts = 1`).length === 3)
  await dialer.stop()
  const phones = carrier.dialled.map(({ phone }) => phone)
  assert.deepEqual(phones, phones.toSorted(), 'each is called over both before the next one')
  for (const phone of new Set(phones)) {
    const over = carrier.dialled.filter(one => one.phone === phone).map(({ gateway }) => gateway)
    assert.equal(over.at(-1), 'backup')
    assert.equal(new Set(over).size, over.length, 'no gateway is asked twice for a lead')
  }
})

test('a lead whom every gateway refused has an attempt less, and is not called in a loop', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  await agents(1)
  carrier.behaviour = () => 'no-route'
  const dialer = await dial('a', await campaign({ gateways: ways('a', 'b', 'c') }, 1))
  await until(async () => (await sql`select 1 from leads where state = 'done'`).length === 1)
  await dialer.stop()
  assert.deepEqual(carrier.dialled.map(({ gateway }) => gateway).sort(), ['a', 'b', 'c'])
  const [lead] = await sql<{ attempts: number; disposition: string }[]>`select attempts, disposition from leads`
  assert.deepEqual({ ...lead }, { attempts: 1, disposition: 'invalid' })
})

test('when the node stops after a refusal, another node calls the lead over the other gateway, once', async t => {
  const { sql, carrier, node, dial, agents, campaign } = await openCampaignRig(t)
  await agents(1)
  carrier.behaviour = (_, gateway) => (gateway === 'carrier' ? 'congested' : 'busy')
  const spring = await campaign({ gateways: ways('carrier:9', 'backup') }, 1)
  const first = await dial('a', spring)
  carrier.on('dialled', () => void first.stop())
  await until(async () => (await sql`select 1 from attempts where state = 'ended'`).length === 1)
  await first.stop()
  const rig = await node('b')
  const next = await dial('b', spring, rig)
  await until(async () => (await sql`select 1 from leads where attempts = 1 and disposition = 'busy'`).length === 1)
  await next.stop()
  assert.deepEqual(
    carrier.dialled.map(({ gateway }) => gateway),
    ['carrier', 'backup'],
    'node b knows of the refusal from the row of the attempt',
  )
  const used = ['carrier', 'backup'].map(name => rig.wakeup.linesInUse(name, systemClock.now()))
  assert.deepEqual(await Promise.all(used), [0, 0], 'no line is left behind')
})

test('a telephone that rang is never called over another gateway for the same attempt', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  await agents(1)
  carrier.behaviour = () => 'rings-congested'
  const dialer = await dial('a', await campaign({ gateways: ways('carrier', 'backup') }, 1))
  await until(async () => (await sql`select 1 from leads where attempts = 1 and disposition = 'failed'`).length === 1)
  await dialer.stop()
  assert.equal(carrier.dialled.length, 1)
})

test('leads are not tried on a gateway that is down or switched off, and it is said why', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  await saveGateway(sql, limits('off', 9, 9, false), systemClock.now())
  await agents(2)
  carrier.behaviour = (_, gateway) => (gateway === 'carrier' ? 'gateway-down' : 'busy')
  carrier.states.set('carrier', 'DOWN')
  const dialer = await dial('a', await campaign({ gateways: ways('carrier', 'off') }, 3))
  await until(() => dialer.last?.decision.why === 'gateway' && dialer.last.seen.gateways!.words.includes('down on'))
  assert.equal(dialer.last!.seen.gateways!.words, 'carrier is down on fs; off is switched off')
  const tried = carrier.dialled.length
  carrier.behaviour = () => 'busy'
  carrier.states.clear()
  await until(async () => (await sql`select 1 from leads where attempts = 1`).length === 3)
  await dialer.stop()
  assert.ok(tried <= 2, `at most one call for each agent found out that it is down: ${tried}`)
  assert.ok(
    carrier.dialled.every(({ gateway }) => gateway === 'carrier'),
    'nobody is called over a gateway that is switched off',
  )
})

test('a lead sees the number for the region, another one at the next attempt, and the row keeps it', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  await agents(1)
  const callerIds = [
    { number: '+4917011', prefix: '+49170' },
    { number: '+4917022', prefix: '+49170' },
    { number: '+4900', prefix: '' },
  ]
  const settings = { callerIds, callerIdRotation: 'attempt' as const, retry: { busy: { after: '1s' } }, maxAttempts: 3 }
  const dialer = await dial('a', await campaign(settings, 1))
  await until(async () => (await sql`select 1 from leads where state = 'done'`).length === 1)
  await dialer.stop()
  const shown = carrier.dialled.map(one => one.shown)
  assert.equal(shown.length, 3)
  assert.deepEqual(new Set(shown), new Set(['+4917011', '+4917022']))
  assert.notEqual(shown[0], shown[1])
  const rows = await attemptsOf(sql, (await sql<{ id: number }[]>`select id from leads`)[0]!.id)
  assert.deepEqual(
    rows.map(({ callerId }) => callerId),
    shown,
  )
})

test('a campaign whose agents wait on two FreeSWITCHes dials on both, and on the other one when one dies', async t => {
  const { sql, carrier, second, dial, agents, campaign } = await openCampaignRig(t)
  await agents(4, 'sales', n => (n % 2 === 0 ? carrier : second))
  for (const one of [carrier, second]) one.behaviour = () => 'rings'
  const dialer = await dial('a', await campaign({}, 12))
  await until(() => carrier.legs.size === 2 && second.legs.size === 2)
  second.events.emit('down', new Error('the FreeSWITCH died'))
  for (const leg of [...carrier.legs]) carrier.hangUp(leg, 'USER_BUSY')
  await until(() => carrier.dialled.length === 4)
  for (const leg of [...carrier.legs]) carrier.hangUp(leg, 'USER_BUSY')
  await until(() => carrier.dialled.length === 6)
  assert.equal(second.dialled.length, 2, 'nobody is dialled on the one that died')
  await dialer.stop()
  second.events.emit('up', { core: second.core, version: '1.10.12', recordings: '/tmp' })
  const twice = await sql`select lead_id from attempts group by lead_id having count(*) > 1`
  assert.equal(twice.length, 0)
})

test('a call of a flow takes a line of its gateway from the campaigns, and gives it back when it ends', async t => {
  const { sql, carrier, node } = await openCampaignRig(t)
  await saveGateway(sql, limits('carrier', 1), systemClock.now())
  const { capacity, wakeup, switchboard } = await node('b')
  const table = new GatewayTable({ sql, wakeup, clock: systemClock, log: silentLog })
  await table.start()
  const lines = new SharedGatewayLines({ table, capacity, clock: systemClock, log: silentLog })
  t.after(() => {
    lines[Symbol.dispose]()
    table[Symbol.dispose]()
  })
  const [at] = switchboard.switches
  const leg = uuid(randomUUID())
  const line = await lines.take(at!, 'carrier', leg)
  assert.notEqual(line, null)
  assert.equal(await lines.take(at!, 'carrier', uuid(randomUUID())), null, 'there is no second line')
  assert.notEqual(await lines.take(at!, 'other', uuid(randomUUID())), null, 'a gateway without limits has always one')
  assert.equal(await wakeup.linesInUse('carrier', systemClock.now()), 1)
  carrier.legs.add(leg)
  carrier.hangUp(leg)
  await until(async () => (await wakeup.linesInUse('carrier', systemClock.now())) === 0)
  const again = await lines.take(at!, 'carrier', uuid(randomUUID()))
  again!.over()
  await until(async () => (await wakeup.linesInUse('carrier', systemClock.now())) === 0)
  await deleteGateway(sql, 'carrier')
  await wakeup.ring({ what: 'gateways' })
  await until(() => table.get('carrier') === undefined)
})
