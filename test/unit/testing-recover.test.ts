/**
 * A FreeSWITCH that dies and restarts, with and without `sofia recover`: the simulated one does what was measured on
 * the real one.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { A, B, Link, Node, beforeTalk, openSim } from './testing-node.ts'

const idle = (call: { execute(application: string): void }) => call.execute('answer')
const EVENTS =
  'CHANNEL_CREATE CHANNEL_ORIGINATE CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_PARK CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CUSTOM sofia::recovery_recovered'

/** Dead for a second, then alive again; returns a new link that receives everything. */
async function dieAndReturn({
  sim,
  clock,
}: Pick<Awaited<ReturnType<typeof beforeTalk>>, 'sim' | 'clock'>): Promise<Link> {
  sim.kill()
  await clock.advance(1_000)
  sim.restart({ heartbeat: false })
  return new Link(sim, clock, EVENTS)
}

test('an answered caller stays on the line while the switch is dead, and is at a node again within 100 ms of sofia recover', async () => {
  const { clock, sim } = openSim()
  const node = new Node(sim, A, idle)
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome', variables: { early: 'yes' } })
  await clock.advance(1_000)
  node.last.send(`api uuid_setvar ${caller.uuid} late yes`)
  await clock.advance(100)
  const core = sim.coreUuid
  const link = await dieAndReturn({ sim, clock })
  assert.equal(caller.state, 'up')
  assert.equal(await link.api('show channels as json'), '{"row_count": 0}')
  const asked = clock.monotonic()
  assert.equal(await link.api('sofia recover'), 'Recovered 1 call(s)')
  await clock.advance(100)
  assert.equal(node.calls.length, 2)
  const again = node.last
  assert.ok(again.at - asked < 100)
  assert.equal(again.uuid, caller.uuid)
  assert.notEqual(sim.coreUuid, core)
  const { variables } = again
  assert.deepEqual(
    [variables.get('recovered'), variables.get('early'), variables.get('late'), variables.get('socket_path')],
    ['true', 'yes', undefined, 'welcome'],
  )
  const short = caller.uuid.slice(0, 8)
  assert.deepEqual(
    link.events,
    [`CHANNEL_CREATE ${short}`, 'CUSTOM', `CHANNEL_PARK ${short}`],
    'no ANSWER, and no HANGUP of the first life',
  )
  assert.match(await link.api(`uuid_dump ${caller.uuid}`), /Answer-State: answered/)
  assert.equal(await link.api('sofia recover'), 'No calls to recover.')
  caller.hangUp()
  await clock.advance(8_000)
  assert.equal(caller.cause, 'NORMAL_CLEARING')
  await sim.close()
  assert.deepEqual(clock.pending(), [])
})

test("what was set before a transfer is kept, what was set before a takeover is not: only an extension's beginning is written down", async () => {
  const { clock, sim } = openSim()
  const one = new Node(sim, A, idle)
  const two = new Node(sim, B)
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  one.last.send(`api uuid_setvar ${caller.uuid} before_transfer yes`)
  one.last.send(`api uuid_transfer ${caller.uuid} switchhook-other XML switchhook`)
  await clock.advance(100)
  one.last.send(`api uuid_setvar ${caller.uuid} before_takeover yes`)
  await clock.advance(100)
  one.die()
  await clock.advance(100)
  assert.equal(two.last.variables.get('before_takeover'), 'yes')
  const link = await dieAndReturn({ sim, clock })
  await link.api('sofia recover')
  await clock.advance(100)
  const { variables } = two.last
  assert.deepEqual(
    ['recovered', 'socket_path', 'before_transfer', 'before_takeover'].map(name => variables.get(name)),
    ['true', 'other', 'yes', undefined],
  )
  await sim.close()
})

test('who rings or was not answered is lost with the switch', async () => {
  const { clock, sim } = openSim()
  void new Node(sim, A)
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  const phone = sim.world.at('user/alice', { answers: 'never' })
  const before = new Link(sim, clock)
  before.send(
    'bgapi originate user/alice switchhook-leg XML switchhook',
    'originate user/alice switchhook-leg XML switchhook',
  )
  await clock.advance(1_000)
  const link = await dieAndReturn({ sim, clock })
  assert.equal(caller.state, 'gone')
  assert.equal(phone.last!.state, 'gone')
  assert.equal(await link.api('sofia recover'), 'No calls to recover.')
  await sim.close()
})

test('two people who talk talk again after sofia recover, and the caller comes back to the door when the agent leaves', async () => {
  const rig = await beforeTalk()
  const { clock, sim, one, caller, agent, agentUuid } = rig
  rig.talk()
  await clock.advance(500)
  assert.equal(caller.talksWith, agent)
  for (const call of one.calls) call.wire.end()
  await clock.advance(100)
  const link = await dieAndReturn(rig)
  assert.deepEqual([caller.state, agent.state, caller.talksWith], ['up', 'up', undefined])
  assert.equal(await link.api('sofia recover'), 'Recovered 2 call(s)')
  await clock.advance(300)
  assert.equal(caller.talksWith, agent)
  assert.ok(link.events.includes(`CHANNEL_BRIDGE ${caller.uuid.slice(0, 8)}`))
  const rows = JSON.parse(await link.api('show bridged_calls as json')) as {
    row_count: number
    rows: Record<string, string>[]
  }
  assert.deepEqual([rows.rows[0]!['uuid'], rows.rows[0]!['b_uuid']], [caller.uuid, agentUuid])
  const before = one.calls.length
  agent.hangUp()
  await clock.advance(200)
  assert.equal(one.calls.length, before + 1)
  assert.equal(one.last.uuid, caller.uuid)
  await sim.close()
})

test('whose partner hung up while the switch was dead stands still in silence after sofia recover, and a transfer sets them free', async () => {
  const rig = await beforeTalk()
  const { clock, sim, one, caller, agent, agentUuid } = rig
  rig.talk()
  await clock.advance(500)
  for (const call of one.calls) call.wire.end()
  await clock.advance(100)
  sim.kill()
  agent.hangUp()
  await clock.advance(1_000)
  sim.restart({ heartbeat: false })
  const link = new Link(sim, clock, EVENTS)
  assert.equal(await link.api('sofia recover'), 'Recovered 2 call(s)', 'it counts what it tried')
  await clock.advance(5_000)
  const short = agentUuid.slice(0, 8)
  assert.deepEqual(
    link.events.filter(event => event.endsWith(short)),
    ['CHANNEL_CREATE', 'CHANNEL_ORIGINATE', 'CHANNEL_HANGUP', 'CHANNEL_HANGUP_COMPLETE'].map(
      name => `${name} ${short}`,
    ),
  )
  const { rows } = JSON.parse(await link.api('show channels as json')) as { rows: Record<string, string>[] }
  assert.deepEqual(
    rows.map(row => [row['uuid'], row['state']]),
    [[caller.uuid, 'CS_RESET']],
  )
  const before = one.calls.length
  await link.api(`uuid_transfer ${caller.uuid} switchhook-welcome XML switchhook`)
  await clock.advance(100)
  assert.equal(one.calls.length, before + 1)
  await sim.close()
})

test('a caller who hung up while the switch was dead is refused in the new dialogue', async () => {
  const { clock, sim } = openSim()
  void new Node(sim, A, idle)
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  sim.kill()
  caller.hangUp()
  assert.equal(caller.state, 'gone')
  sim.restart({ heartbeat: false })
  const link = new Link(sim, clock, EVENTS)
  await link.api('sofia recover')
  await clock.advance(8_000)
  assert.match(await link.api(`uuid_exists ${caller.uuid}`), /false/)
  assert.ok(link.events.includes(`CHANNEL_HANGUP_COMPLETE ${caller.uuid.slice(0, 8)}`))
  await sim.close()
})

test('a parked leg is parked again, and its person can hang up', async () => {
  const { clock, sim } = openSim()
  const phone = sim.world.at('sofia/gateway/carrier/49301', { answers: '200ms' })
  const before = new Link(sim, clock)
  const answer = await before.api('originate {ignore_early_media=true}sofia/gateway/carrier/49301 &park')
  await clock.advance(200)
  const link = await dieAndReturn({ sim, clock })
  await link.api('sofia recover')
  await clock.advance(100)
  const uuid = answer.replace('+OK ', '')
  assert.ok(link.events.includes(`CHANNEL_PARK ${uuid.slice(0, 8)}`))
  phone.last!.hangUp()
  await clock.advance(100)
  assert.equal(phone.last!.cause, 'NORMAL_CLEARING')
  await sim.close()
})

test('without track-calls nobody is left when the switch dies', async () => {
  const { clock, sim } = openSim({ trackCalls: false })
  void new Node(sim, A, idle)
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  const link = await dieAndReturn({ sim, clock })
  assert.equal(caller.state, 'gone')
  assert.equal(await link.api('sofia recover'), 'No calls to recover.')
  await sim.close()
})

test('a dead switch refuses connections', async () => {
  const { sim } = openSim()
  sim.kill()
  assert.throws(() => sim.connect(), /ECONNREFUSED/)
  sim.restart({ heartbeat: false })
  sim.connect().end()
  await sim.close()
})
