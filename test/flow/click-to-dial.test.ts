/**
 * The button of a CRM: the agent's telephone rings first, then the customer's, and the queue does not call the agent
 * meanwhile.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { flow } from '#flow'
import { simulate } from '#testing'
import agentList from '../../src/operations/agent/list.ts'
import type { PartsFor } from '../../src/operations/operation.ts'
import clickToDial from '../../scripts/click-to-dial.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import { ClickToDialler } from '../../src/campaign/click-to-dial.ts'
import { dial, ident, varValue } from '../../src/esl/safe-text.ts'
import type { AnyFlow } from '../../src/flow/catalogue.ts'
import type { CallEnd } from '../../src/store/calls.ts'
import type { AgentOptions } from '../../src/testing/simulated-agent.ts'

const CUSTOMER = '+4940555777'
const support = { params: { queue: 'support' } }

async function desk(t: TestContext, options: AgentOptions = {}, settings: { wrapUpAfterDial?: boolean } = {}) {
  const sim = simulate(t, settings)
  const alice = sim.agent('alice', { wrapUp: '30s', ...options })
  const customer = sim.switch.world.at(`sofia/gateway/carrier/${CUSTOMER}`, { answers: '3s' })
  sim.install('click-to-dial', clickToDial as unknown as AnyFlow)
  await alice.ready()
  const { switchboard, telephones, calls } = await sim.until('node a opens', sim.ready)
  const rows = { opened: new Map<string, object>(), closed: new Map<string, CallEnd>() }
  const dialler = new ClickToDialler({
    switchboard,
    telephones,
    ringForMs: 20_000,
    clock: sim.clock,
    log: calls.log,
    rows: {
      open: async call => void rows.opened.set(call.id, call),
      close: async (uuid, end) => void rows.closed.set(uuid, end),
    },
  })
  const presses = (extension = 'alice') =>
    dialler.dial({ extension: ident(extension), customer: dial(CUSTOMER), crmuuid: String(varValue('c-1')) })
  return { sim, alice, customer, rows, presses }
}

test('the button is answered when the agent’s telephone rings, and the record names both, with the ids of the CRM', async t => {
  const { sim, alice, customer, rows, presses } = await desk(t)
  const pressed = sim.clock.now()
  const { uuid } = await sim.until('the telephone rings', presses())
  assert.ok(sim.clock.now() - pressed < 1_000, 'it is not waited for the answer')
  assert.deepEqual(rows.opened.get(uuid), {
    id: uuid,
    flow: 'click-to-dial',
    direction: 'outbound',
    from: 'alice',
    to: CUSTOMER,
    core: null,
    startedAt: pressed,
    crm: { crmuuid: 'c-1' },
    customer: CUSTOMER,
    agent: 'alice',
  })
  await alice.talksWith(CUSTOMER)
  await sim.advance('10s')
  await customer.last!.hangUp()
  await sim.until('the record', () => sim.records.length === 1)
  const [record] = sim.records
  assert.deepEqual(
    [record!.uuid, record!.agent, record!.customer, record!.to, record!.otherLeg, record!.outcome],
    [uuid, 'alice', CUSTOMER, CUSTOMER, customer.last!.uuid, 'talked'],
  )
  assert.deepEqual(
    [record!.hungUpBy, record!.gateway, [...record!.tags]],
    ['customer', 'carrier', [['crmuuid', 'c-1']]],
  )
  assert.ok(
    record!.answeredAt! - record!.startedAt >= 3_000 && record!.talkMs! >= 10_000,
    'rang for 3 s, talked for 10 s',
  )
  assert.equal(rows.closed.size, 0, 'the flow has closed it')
  assert.deepEqual(
    record!.segments.map(({ kind, agent, how }) => [kind, agent, how]),
    [
      ['ring', 'alice', 'answered'],
      ['ring', null, 'answered'],
      ['talk', 'alice', 'ended'],
    ],
    'the talk is the agent’s in the figures',
  )
})

test('the button says the cause when the agent’s telephone is busy, and the row of the call does too', async t => {
  const { sim, alice, rows, presses } = await desk(t, { answers: 'busy' })
  const failed = assert.rejects(presses(), {
    code: 'NOT_REACHED',
    message: 'extension alice was not reached: busy (USER_BUSY)',
  })
  await sim.until('it fails', failed)
  const [end] = [...rows.closed.values()]
  assert.deepEqual([end?.outcome, end?.hangupCause], ['busy', 'USER_BUSY'])
  assert.equal(await alice.state(), 'idle')
})

test('an agent who declines when the telephone has rung: the row says so', async t => {
  const { sim, rows, presses } = await desk(t, { answers: 'declined' })
  const { uuid } = await sim.until('the telephone rings', presses())
  await sim.advance('5s')
  assert.equal(rows.closed.get(uuid)?.outcome, 'declined')
})

test('the button says that there is no such telephone, and the row of the call does too', async t => {
  const { sim, rows, presses } = await desk(t)
  sim.switch.world.at('user/nobody', { answers: 'unallocated' })
  await sim.until(
    'it fails',
    assert.rejects(presses('nobody'), { code: 'NOT_REACHED', message: /invalid \(UNALLOCATED_NUMBER\)/ }),
  )
  assert.equal(rows.opened.size, 1)
  await sim.advance('1s')
  assert.equal([...rows.closed.values()][0]?.outcome, 'invalid')
})

test('an agent who talks by click-to-dial is not rung for a caller, from the first ring to the end', async t => {
  const { sim, alice, customer, presses } = await desk(t)
  await sim.until('the telephone rings', presses())
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  assert.equal(await alice.state(), 'busy-elsewhere')
  await alice.talksWith(CUSTOMER)
  await sim.advance('50s')
  assert.equal(alice.place.rang, 1, 'her telephone has rung for the customer only')
  customer.last!.hangUp()
  await alice.rings('5s')
  await caller.hangsUp()
  await caller.outcome()
})

test('the list of agents says that she is on a call elsewhere', async t => {
  const { sim, alice, presses } = await desk(t)
  const listed = async () => {
    const parts = { roster: sim.roster, clock: sim.clock } as unknown as PartsFor['redis']
    const [row] = await agentList.run(parts, {}, { who: 'ann', door: 'command-line', role: 'reader' })
    return [row!.state, row!.word]
  }
  assert.deepEqual(await listed(), ['idle', 'ready'])
  await sim.until('the telephone rings', presses())
  assert.deepEqual(await listed(), ['busy-elsewhere', 'elsewhere'])
  await alice.talksWith(CUSTOMER)
  assert.deepEqual(await listed(), ['busy-elsewhere', 'elsewhere'])
  await alice.hangsUp()
  await alice.becomes('idle', '2s')
})

test('an agent who presses the button in the wrap-up has what is left of it after the call', async t => {
  const { sim, alice, customer, presses } = await desk(t)
  const caller = sim.call(queueEntry, support)
  await alice.accepts()
  await caller.talksWith('alice')
  await caller.hangsUp()
  await alice.becomes('wrap-up')
  const until = sim.clock.now() + 30_000
  await sim.until('the telephone rings', presses())
  assert.equal(await alice.state(), 'busy-elsewhere')
  await alice.talksWith(CUSTOMER)
  await sim.advance('5s')
  customer.last!.hangUp()
  await alice.becomes('wrap-up', '2s')
  await alice.becomes('idle')
  assert.ok(Math.abs(sim.clock.now() - until) < 1_000, 'the wrap-up ends when it would have ended')
})

test('the talk of a click-to-dial is the agent’s last one, and has a wrap-up when the setting says so; a call without a talk has none', async t => {
  for (const wrapUpAfterDial of [false, true]) {
    const { sim, alice, customer, presses } = await desk(t, {}, { wrapUpAfterDial })
    await sim.until('the telephone rings', presses())
    await alice.talksWith(CUSTOMER)
    await sim.advance('5s')
    customer.last!.hangUp()
    await alice.becomes(wrapUpAfterDial ? 'wrap-up' : 'idle', '2s')
    const { lastTalkEnded } = (await sim.roster.get('alice', sim.clock.now()))!
    assert.ok(sim.clock.now() - lastTalkEnded < 1_000, 'she has just talked')
  }
  const { sim, alice, presses } = await desk(t, { answers: 'never' }, { wrapUpAfterDial: true })
  await sim.until('the telephone rings', presses())
  await sim.advance('21s')
  assert.equal(await alice.state(), 'idle')
})

test('an agent who does not take the call of the button is free again', async t => {
  const { sim, alice, presses } = await desk(t, { answers: 'never' })
  await sim.until('the telephone rings', presses())
  assert.equal(await alice.state(), 'busy-elsewhere')
  await sim.advance('21s')
  assert.equal(await alice.state(), 'idle')
})

test('an agent whom a flow dials by itself is not rung for another caller meanwhile, and what is left of a wrap-up stays', async t => {
  const { sim, alice } = await desk(t)
  const first = sim.call(queueEntry, support)
  await alice.accepts()
  await first.talksWith('alice')
  await first.hangsUp()
  await alice.becomes('wrap-up')
  const second = sim.call(
    flow(async call => {
      await call.answer()
      await using party = await call.dial('user/alice')
      if (party.leg) await call.join(party.leg)
    }),
  )
  await alice.rings()
  const third = sim.call(queueEntry, support)
  await second.talksWith('alice')
  assert.equal(await alice.state(), 'busy-elsewhere')
  await sim.advance('2s')
  await alice.hangsUp()
  await alice.becomes('wrap-up', '1s')
  assert.equal(await second.outcome(), 'talked')
  const { lastTalkEnded } = (await sim.roster.get('alice', sim.clock.now()))!
  assert.ok(sim.clock.now() - lastTalkEnded < 1_000, 'she has just talked')
  assert.equal(sim.records.find(({ flow: name }) => name.endsWith('-2'))?.agent, 'alice')
  await third.hangsUp()
  await third.outcome()
})

test('an agent is busy with a call of ours also when the node that dialled them has died, and free when it has ended', async t => {
  const { sim, alice } = await desk(t)
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await using party = await call.dial('user/alice')
      if (party.leg) await call.join(party.leg)
    }),
  )
  await sim.until('the second node opens', sim.open('b'))
  await caller.talksWith('alice')
  sim.kill('a')
  await sim.advance('1m')
  assert.equal(await alice.state(), 'busy-elsewhere')
  await alice.hangsUp()
  await alice.becomes('idle', '5s')
  await caller.outcome()
})
