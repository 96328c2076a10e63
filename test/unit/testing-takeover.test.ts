/** The simulated FreeSWITCH when nodes die, are silent, or never existed: the same as measured on the real one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { A, B, Link, Node, openSim } from './testing-node.ts'

for (const [doing, application, argument] of [
  ['sits idle', '', ''],
  ['hears a prompt', 'playback', 'ivr/long.wav'],
  ['hears endless music', 'endless_playback', 'moh/calm.wav'],
  ['is asked for digits', 'play_and_get_digits', '1 1 3 4000 # ivr/long.wav silence_stream://10 key \\d 3000'],
] as const) {
  test(`a caller who ${doing} is at the other node within 30 ms of a node's death`, async () => {
    const { clock, sim } = openSim({ usualSound: '60s' })
    const one = new Node(sim, A, call => (call.execute('answer'), application && call.execute(application, argument)))
    const two = new Node(sim, B)
    const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
    await clock.advance(2_000)
    one.last.send(`api uuid_setvar ${caller.uuid} kept yes`)
    await clock.settle()
    const died = clock.monotonic()
    one.die()
    await clock.advance(100)
    assert.equal(two.calls.length, 1)
    assert.ok(two.last.at - died <= 30, `${two.last.at - died} ms`)
    assert.equal(two.last.uuid, caller.uuid)
    assert.equal(two.last.variables.get('kept'), 'yes')
    assert.equal(caller.state, 'up')
    await sim.close()
  })
}

test('a caller who is leaving a message when the node dies is lost, as on the real switch', async () => {
  const { clock, sim } = openSim()
  const one = new Node(sim, A, call => (call.execute('answer'), call.execute('record', '/tmp/m.wav 60')))
  const two = new Node(sim, B)
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(2_000)
  one.die()
  await clock.advance(100)
  assert.equal(caller.cause, 'DESTINATION_OUT_OF_ORDER')
  assert.equal(two.calls.length, 0)
  await sim.close()
})

test('a refused host is passed over at once', async () => {
  const { clock, sim } = openSim()
  const two = new Node(sim, B)
  sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(10)
  assert.equal(two.calls.length, 1)
  assert.equal(two.last.variables.get('socket_path'), 'welcome')
  await sim.close()
})

test('a node that accepts and closes loses the call to the other one', async () => {
  const { clock, sim } = openSim()
  sim.accept(A, 'closes')
  const two = new Node(sim, B)
  sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(100)
  assert.equal(two.calls.length, 1)
  await sim.close()
})

test('a node that accepts and says nothing loses the call when the dead man’s switch throws', async () => {
  const { clock, sim } = openSim()
  sim.accept(A, 'silent')
  const two = new Node(sim, B)
  sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(13_900)
  assert.equal(two.calls.length, 0)
  await clock.advance(1_200)
  assert.equal(two.calls.length, 1, 'between 14 and 15 seconds: whole seconds, up to one early')
  assert.ok(
    sim.schedule.pending().every(task => !task.includes('sched_transfer')),
    'the node took the timer away',
  )
  await sim.close()
})

test('when no node is there the caller is told so, and the call ends', async () => {
  const { clock, sim } = openSim()
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(5_000)
  assert.deepEqual(
    caller.heard.map(({ what }) => what),
    ['switchhook/sorry'],
  )
  assert.equal(caller.cause, 'NORMAL_TEMPORARY_FAILURE')
  assert.deepEqual(sim.leftovers(), [])
})

test('eight deaths a call survives, the ninth ends in the apology', async () => {
  const { clock, sim } = openSim()
  const nodes = [new Node(sim, A), new Node(sim, B)]
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  for (let death = 0; death < 8; death++) {
    await clock.advance(1_000)
    assert.equal(nodes[0]!.calls.length + nodes[1]!.calls.length, death + 1)
    sim.dropConnections()
  }
  await clock.advance(5_000)
  assert.deepEqual(
    caller.heard.map(({ what }) => what),
    ['switchhook/sorry'],
  )
  await sim.close()
})

test('without socket_resume an idle leg goes to the next line, one with music plays on for ever', async () => {
  const { clock, sim } = openSim({ usualSound: '5s' })
  for (const music of [false, true]) {
    const one = new Node(
      sim,
      A,
      call => (call.execute('answer'), music && call.execute('endless_playback', 'moh/calm.wav')),
    )
    const two = new Node(sim, B)
    sim.allow(A)
    const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
    await clock.advance(1_000)
    one.last.send(`api uuid_setvar ${caller.uuid} socket_resume false`)
    await clock.settle()
    one.die()
    await clock.advance(60_000)
    assert.equal(two.calls.length, music ? 0 : 1)
    assert.equal(caller.state, 'up')
    assert.equal(sim.locate(caller.uuid)?.listeners.size, music ? 0 : 1)
  }
  await sim.close()
})

test('an old connection keeps its power: closed later, it tears the leg from its new node', async () => {
  const { clock, sim } = openSim()
  const one = new Node(sim, A)
  const link = new Link(sim, clock)
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  await link.api(`uuid_transfer ${caller.uuid} switchhook-other XML switchhook`)
  await clock.advance(1_000)
  assert.equal(one.calls.length, 2)
  assert.deepEqual(
    one.calls.map(call => call.closed),
    [false, false],
  )
  one.calls[0]!.wire.end()
  await clock.advance(1_000)
  assert.equal(one.calls.length, 3, 'offered again, on the next line')
  await sim.close()
})

test('a leg that is transferred too often is ended, unless it was allowed more', async () => {
  const { clock, sim } = openSim()
  sim.dialplan.extension('round', [{ application: 'transfer', data: 'round XML switchhook' }])
  sim.dialplan.extension('allowed', [
    { application: 'set', data: 'max_session_transfers=150' },
    { application: 'transfer', data: 'round XML switchhook' },
  ])
  const link = new Link(sim, clock, 'CHANNEL_HANGUP CHANNEL_EXECUTE')
  sim.world.call({ from: '555', to: 'round' })
  await clock.advance(5_000)
  assert.equal(link.events.filter(event => event.startsWith('CHANNEL_EXECUTE')).length, 70)
  link.events.length = 0
  const caller = sim.world.call({ from: '555', to: 'allowed' })
  await clock.advance(5_000)
  assert.equal(caller.cause, 'EXCHANGE_ROUTING_ERROR')
  assert.equal(link.events.filter(event => event.startsWith('CHANNEL_EXECUTE transfer')).length, 150)
  await sim.close()
})

test('a leg that hung up is gone for uuid_exists at once, and keeps its row while somebody lingers', async () => {
  const { clock, sim } = openSim()
  void new Node(sim, A, call => call.execute('answer'))
  const link = new Link(sim, clock)
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  caller.hangUp()
  assert.equal(await link.api(`uuid_exists ${caller.uuid}`), 'false')
  await clock.advance(3_000)
  const { row_count, rows } = JSON.parse(await link.api('show channels as json')) as {
    row_count: number
    rows: Record<string, string>[]
  }
  assert.equal(row_count, 1)
  assert.deepEqual([rows[0]!.state, rows[0]!.callstate], ['CS_EXECUTE', 'ACTIVE'])
  await clock.advance(4_000)
  assert.equal(await link.api('show channels as json'), '{"row_count": 0}')
  await sim.close()
})

test('power that fails takes calls and connections along, and the switch comes back as another one', async () => {
  const { clock, sim } = openSim()
  const one = new Node(sim, A)
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  const before = sim.coreUuid
  sim.kill()
  await clock.advance(1_000)
  assert.ok(one.last.closed)
  assert.equal(caller.state, 'gone')
  assert.deepEqual(sim.leftovers(), [])
  sim.restart({ heartbeat: false })
  assert.notEqual(sim.coreUuid, before)
  sim.world.call({ from: '556', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  assert.equal(one.calls.length, 2)
  await sim.close()
  assert.deepEqual(clock.pending(), [])
})

test('connections that deliver one octet at a time change nothing', async () => {
  const { clock, sim } = openSim()
  sim.slice(1)
  const one = new Node(sim, A, call => (call.execute('answer'), call.execute('playback', 'ivr/welcome.wav')))
  sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(5_000)
  assert.ok(one.last.said.includes('CHANNEL_EXECUTE_COMPLETE playback FILE PLAYED'))
  await sim.close()
})
