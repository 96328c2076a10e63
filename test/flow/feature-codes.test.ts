/** Agents act from their telephones: each feature code is a flow. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { flow } from '#flow'
import { simulate, type Simulation } from '#testing'
import agentBreak from '../../scripts/agent-break.ts'
import agentCallLead from '../../scripts/agent-call-lead.ts'
import agentHold from '../../scripts/agent-hold.ts'
import agentLogin from '../../scripts/agent-login.ts'
import agentLogout from '../../scripts/agent-logout.ts'
import agentNext from '../../scripts/agent-next.ts'
import agentReady from '../../scripts/agent-ready.ts'
import agentSkipLead from '../../scripts/agent-skip-lead.ts'
import agentTransfer from '../../scripts/agent-transfer.ts'
import queueEntry from '../../scripts/queue-entry.ts'

async function atWork(t: TestContext, options: Parameters<typeof simulate>[1] = {}) {
  const sim = simulate(t, { queues: ['sales'], ...options })
  await sim.ready
  const alice = sim.agent('alice')
  await alice.logsOut()
  return { sim, alice, now: () => sim.roster.get('alice', sim.clock.now()) }
}

/** A flow with its parameters, from the telephone of this user. */
const dials = (sim: Simulation, code: unknown, user = 'alice', params = {}) =>
  sim.call(code as Parameters<Simulation['call']>[0], { from: user, user, params: params as never })

/** The status after each code, and what the agent hears. */
const CODES = [
  ['logs in', agentLogin, 'agent/logged-in', 'ready', null],
  ['is ready', agentReady, 'agent/ready', 'ready', null],
  ['takes a break', agentBreak, 'agent/break', 'break', null],
  ['takes the next caller', agentNext, 'agent/next-caller', 'on-demand', null],
  ['logs out', agentLogout, 'agent/logged-out', 'logged-out', null],
] as const

for (const [what, code, sound, status, reason] of CODES)
  test(`an agent ${what} by a code of the telephone`, async t => {
    const { sim, now } = await atWork(t)
    const call = dials(sim, code)
    await call.hears(sound)
    assert.equal(await call.outcome(), 'done')
    const agent = await now()
    assert.deepEqual([agent?.status, agent?.reason], [status, reason])
    const last = sim.audited.at(-1)!
    assert.deepEqual([last.door, last.subject], ['flow', 'alice'])
  })

for (const [what, code] of [
  ['call', agentCallLead],
  ['skip', agentSkipLead],
] as const)
  test(`an agent whose ${what} of a lead cannot be written hears so`, async t => {
    const { sim } = await atWork(t)
    const call = dials(sim, code) // a simulated node has no PostgreSQL
    await call.hears('agent/refused')
    assert.equal(await call.outcome(), 'refused')
  })

test('an agent takes a break with a reason of the catalogue, and one that is not there is refused', async t => {
  const { sim, now } = await atWork(t)
  await sim.roster.putBreakReason({ reason: 'coffee', limitMs: 600_000 })
  await sim.roster.putBreakReason({ reason: 'lunch', limitMs: null })
  const lunch = dials(sim, agentBreak, 'alice', { reason: 2 })
  await lunch.hears('agent/break')
  assert.equal(await lunch.outcome(), 'done')
  assert.deepEqual([(await now())?.status, (await now())?.reason], ['break', 'lunch'])
  for (const params of [{ reason: 3 }, {}]) {
    const wrong = dials(sim, agentBreak, 'alice', params)
    await wrong.hears('agent/which-reason')
    assert.equal(await wrong.outcome(), 'refused')
  }
  assert.equal((await now())?.reason, 'lunch')
})

test('a caller who writes the number of an agent into the caller id is not the agent', async t => {
  const { sim, now } = await atWork(t)
  const stranger = sim.call(agentLogin, { from: 'alice' })
  await stranger.hears('agent/unknown')
  await stranger.outcome()
  assert.equal((await now())?.status, 'logged-out')
  assert.deepEqual(sim.audited, [])
})

test('a telephone without an agent is told so', async t => {
  const { sim } = await atWork(t)
  const call = dials(sim, agentLogin, 'reception')
  await call.hears('agent/unknown')
  await call.outcome()
})

test('of two agents at one telephone the one whose job number is typed logs in', async t => {
  const { sim, now } = await atWork(t)
  const alice = (await now())!
  await sim.roster.put({ ...alice, jobNumber: '207' }, sim.clock.now())
  await sim.roster.put({ ...alice, name: 'bert', jobNumber: '311' }, sim.clock.now())
  const call = dials(sim, agentLogin)
  await call.hears('agent/your-number')
  await call.presses('311#')
  await call.hears('agent/logged-in')
  await call.outcome()
  const statuses = (await sim.roster.list(sim.clock.now())).map(({ name, status }) => `${name} ${status}`)
  assert.deepEqual(statuses, ['alice logged-out', 'bert ready'])
})

test('an agent who takes the next caller gets the one who waits longest on that line, and no other one after that', async t => {
  const { sim, alice, now } = await atWork(t)
  const first = sim.call(queueEntry, { params: { queue: 'sales' } })
  await first.hears('music moh/calm')
  const second = sim.call(queueEntry, { params: { queue: 'sales' } })
  await second.hears('music moh/calm')
  for (const caller of [first, second]) {
    const line = dials(sim, agentNext)
    await caller.talksWith(caller === first ? 'caller-3' : 'caller-4')
    await caller.hangsUp()
    assert.equal(await caller.outcome(), 'talked')
    assert.equal(await line.outcome(), 'talked')
    await sim.advance('60s')
  }
  assert.equal(alice.place.rang, 0)
  assert.equal((await now())?.status, 'logged-out')
})

test('an agent who takes the next caller while nobody waits is rung for one caller, and for no other one', async t => {
  const { sim, alice } = await atWork(t)
  await dials(sim, agentNext).outcome()
  const first = sim.call(queueEntry, { params: { queue: 'sales' } })
  await alice.accepts()
  await alice.talksWith('caller-2')
  await alice.hangsUp()
  assert.equal(await first.outcome(), 'talked')
  const second = sim.call(queueEntry, { params: { queue: 'sales' } })
  await second.hears('music moh/calm')
  await sim.advance('60s')
  assert.equal(await alice.state(), 'wrap-up')
  assert.equal(alice.place.rang, 1)
  await second.hangsUp()
  await second.outcome()
})

/** Alice talks with a caller of sales. */
async function talking(t: TestContext) {
  const { sim, alice, now } = await atWork(t)
  await alice.ready()
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await alice.accepts()
  await caller.talksWith('alice')
  await sim.advance('1s')
  return { sim, alice, caller, now }
}

test('a caller whom the agent puts on hold by a code hears music, and is taken back by the same code', async t => {
  const { sim, alice, caller } = await talking(t)
  const hold = dials(sim, agentHold)
  await hold.hears('agent/on-hold')
  assert.equal(await hold.outcome(), 'done')
  await sim.until('the hold is told', () => sim.told('call.held').length === 1)
  const back = dials(sim, agentHold)
  await back.hears('agent/hold-over')
  assert.equal(await back.outcome(), 'done')
  await sim.until('the end of the hold is told', () => sim.told('call.resumed').length === 1)
  await alice.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('an agent who does not talk cannot hold or transfer anybody', async t => {
  const { sim } = await atWork(t)
  for (const code of [dials(sim, agentHold), dials(sim, agentTransfer, 'alice', { number: '4930777' })]) {
    await code.hears('agent/refused')
    assert.equal(await code.outcome(), 'refused')
  }
})

test('an agent sends the caller to another number by a code', async t => {
  const { sim, caller } = await talking(t)
  sim.install('transfer', (await import('../../scripts/transfer.ts')).default as never)
  sim.switch.world.at(/4930777$/, { answers: '2s', talksFor: '5s' })
  const code = dials(sim, agentTransfer, 'alice', { number: '4930777' })
  await code.hears('agent/transferred')
  assert.equal(await code.outcome(), 'done')
  await caller.talksWith('4930777')
  await caller.hangsUp()
  await caller.outcome()
})

test('an operation that is refused, or does not exist, is told to the flow', async t => {
  const { sim } = await atWork(t)
  const said: unknown[] = []
  const asks = flow(async call => {
    said.push(await call.operate('agent.login', { name: 'nobody' }))
    said.push(await call.operate('agent.fly', {}).catch((error: Error) => error.message))
    said.push(await call.operate('agent.login', { who: 'alice' }).catch((error: Error) => error.name))
    said.push((await call.operate('campaign.list', {})).refused)
  })
  await sim.call(asks).outcome()
  assert.deepEqual(said[0], { refused: 'NOT_FOUND', why: "no agent is called 'nobody' (known: alice)" })
  assert.match(String(said[1]), /no operation is called 'agent.fly'/)
  assert.equal(said[2], 'FieldFaults')
  assert.equal(said[3], 'SERVICE')
})
