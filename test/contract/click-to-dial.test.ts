/**
 * `switchhook dial` and a running node as people use them: separate processes, real stores, a simulated FreeSWITCH over
 * TCP.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { wordOf } from '../../src/agent/words.ts'
import { recentCalls } from '../../src/store/calls.ts'
import { Told } from '../fault/matrix.ts'
import { Rig, until } from '../fault/rig.ts'
import { PATIENCE_MS } from '../patience.ts'
import { PROGRAM, SCRIPTS } from '../program.ts'

const CUSTOMER = '+4930123456'

test('the button of a CRM, by command and by HTTP, at a telephone that rings and at one that cannot be reached: answer, cause, rows, and who is busy', async t => {
  const rig = await Rig.open(t, new Told(), { nodes: ['a'], settings: { SCRIPTS } })
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...(await rig.settings()) }
  const types = async (...words: string[]) => {
    const child = spawn(process.execPath, [PROGRAM, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { out: '', err: '' }
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, ...said }
  }
  const agent = rig.sim.world.at('user/1001', { answers: '300ms', speaks: 'human' })
  rig.sim.world.at('user/1002', { answers: 'unallocated' })
  const customer = rig.sim.world.at(`sofia/gateway/carrier/${CUSTOMER}`, { answers: '300ms', speaks: 'human' })
  await rig.roster.put(
    { name: 'alice', endpoint: 'user/1001', wrapUpMs: 1_000, ringForMs: 20_000, queues: [] },
    Date.now(),
  )
  const [node] = await rig.start(['a'], { GATEWAY: 'carrier' })

  const [reached, missed] = await Promise.all([
    types('dial', '1001', CUSTOMER, '--crmuuid', 'c-1', '--json'),
    types('dial', '1002', CUSTOMER, '--crmuuid', 'c-2'),
  ])
  assert.equal(reached.code, 0, reached.err)
  const { uuid } = JSON.parse(reached.out) as { uuid: string }
  assert.deepEqual(
    [missed.code, missed.err],
    [1, 'switchhook: extension 1002 was not reached: invalid (UNALLOCATED_NUMBER)\n'],
  )

  await until('agent and customer talk', () => customer.last?.talksWith === agent.last, PATIENCE_MS)
  const calls = () => recentCalls(rig.sql, 10, undefined, { number: CUSTOMER })
  const live = (await calls()).find(({ id }) => id === uuid)!
  assert.equal(wordOf((await rig.roster.get('alice', Date.now()))!, Date.now()), 'elsewhere')
  await until(
    'the row says so',
    async () => (await calls()).find(({ id }) => id === uuid)?.otherLeg === customer.last!.uuid,
    PATIENCE_MS,
  )
  assert.deepEqual([live.endedAt, live.agent, live.outcome], [null, 'alice', null])
  customer.last!.hangUp()
  await until(
    'the row is closed',
    async () => (await rig.sql`select 1 from calls where id = ${uuid} and ended_at is not null`).length === 1,
    PATIENCE_MS,
  )
  const rows = await calls()
  const facts = rows.map(one => [
    one.agent,
    one.customer,
    one.outcome,
    one.hungUpBy,
    one.crm['crmuuid'],
    one.talkMs === null,
  ])
  assert.deepEqual(facts.sort(), [
    ['1002', CUSTOMER, 'invalid', null, 'c-2', true],
    ['alice', CUSTOMER, 'talked', 'customer', 'c-1', false],
  ])
  const { startedAt, answeredAt, gateway } = rows.find(({ id }) => id === uuid)!
  assert.ok(answeredAt !== null && startedAt < answeredAt, 'it began before it was answered')
  assert.equal(gateway, 'carrier')
  await until('alice is free', async () => (await rig.roster.get('alice', Date.now()))?.state === 'idle', PATIENCE_MS)

  const key = (await types('key', 'add', 'crm', '--role', 'supervisor', '--sees-numbers')).out.trim()
  const api = /http\S+(?=,)/.exec(await node!.says(/^desk: /, PATIENCE_MS))![0]
  const dials = async () => {
    const response = await fetch(`${api}/v1/click-to-dial`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': 'c-3' },
      body: JSON.stringify({ extension_number: '1001', customer_number: CUSTOMER, crmuuid: 'c-3', product_code: 'p' }),
    })
    return { status: response.status, body: (await response.json()) as { uuid: string } }
  }
  const first = await dials()
  const again = await dials()
  assert.equal(first.status, 201, JSON.stringify(first.body))
  assert.deepEqual(again, first, 'a request that is sent again calls nobody')
  await until('they talk again', () => customer.last?.talksWith === agent.last, PATIENCE_MS)
  assert.deepEqual((await calls()).map(({ crm }) => crm['crmuuid']).sort(), ['c-1', 'c-2', 'c-3'])
  customer.last!.hangUp()
})
