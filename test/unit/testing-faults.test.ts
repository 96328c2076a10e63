/**
 * The faults that a test can inject into the simulated FreeSWITCH: zombies, events that are lost, late, doubled or out
 * of order, a frozen process.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { A, Link, Node, beforeTalk, openSim } from './testing-node.ts'

const EVENTS = 'CHANNEL_CREATE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_DESTROY'

/** A caller at node A, and a link that receives how calls begin and end. */
async function caller() {
  const { clock, sim } = openSim()
  const node = new Node(sim, A, call => call.execute('answer'))
  const link = new Link(sim, clock, EVENTS)
  const person = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  link.events.length = 0
  return { clock, sim, node, link, person }
}

test('a zombie is listed and counted, and no command finds it', async () => {
  const { clock, sim, link, person, node } = await caller()
  sim.zombify(person.uuid)
  const list = async () =>
    JSON.parse(await link.api('show channels as json')) as { row_count: number; rows: Record<string, string>[] }
  assert.deepEqual(
    (await list()).rows.map(row => [row['uuid'], row['state'], row['callstate']]),
    [[person.uuid, 'CS_EXECUTE', 'ACTIVE']],
  )
  assert.equal(await link.api(`uuid_exists ${person.uuid}`), 'false')
  for (const command of ['uuid_kill', 'uuid_dump'])
    assert.equal(await link.api(`${command} ${person.uuid}`), '-ERR No such channel!')
  assert.equal(
    await link.api(`uuid_transfer ${person.uuid} switchhook-welcome XML switchhook`),
    '-ERR No such channel!',
  )
  assert.match(await link.api('status'), /\n1 session\(s\) - peak 1/)
  node.last.wire.end()
  await clock.advance(60_000)
  assert.equal((await list()).row_count, 1)
  assert.deepEqual(link.events, [], 'no event ever tells of its end')
  sim.channels.delete(person.uuid)
  assert.equal(await link.api('show channels as json'), '{"row_count": 0}')
  await sim.close()
})

test('whose partner becomes a zombie goes back to the door', async () => {
  const { clock, sim, one, caller: person, agentUuid, talk } = await beforeTalk()
  talk()
  await clock.advance(500)
  for (const call of one.calls) call.wire.end()
  await clock.advance(100)
  const before = one.calls.length
  sim.zombify(agentUuid)
  await clock.advance(200)
  assert.deepEqual([one.calls.length, one.last.uuid], [before + 1, person.uuid])
  await sim.close()
})

test('an event that is withheld reaches nobody, also not the connection of its own leg', async () => {
  const { clock, sim, link, person, node } = await caller()
  const fault = sim.faults.withhold(event => event.name === 'CHANNEL_HANGUP_COMPLETE')
  person.hangUp()
  await clock.advance(10_000)
  assert.deepEqual(
    link.events.map(event => event.split(' ')[0]),
    ['CHANNEL_HANGUP', 'CHANNEL_DESTROY'],
  )
  assert.ok(node.last.said.includes('CHANNEL_HANGUP') && !node.last.said.includes('CHANNEL_HANGUP_COMPLETE'))
  fault[Symbol.dispose]()
  const next = sim.world.call({ from: '556', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  next.hangUp()
  await clock.advance(100)
  assert.ok(link.events.some(event => event.startsWith('CHANNEL_HANGUP_COMPLETE')))
  await sim.close()
})

test('events that are held come in the order that the test says, on inbound links alone', async () => {
  const { clock, sim, link, person, node } = await caller()
  const held = sim.faults.hold(event => event.name.startsWith('CHANNEL_HANGUP') || event.name === 'CHANNEL_DESTROY')
  person.hangUp()
  await clock.advance(10_000)
  assert.equal(link.events.length, 0)
  assert.ok(node.last.said.includes('CHANNEL_HANGUP_COMPLETE'))
  assert.deepEqual(
    held.events.map(event => event.name),
    ['CHANNEL_HANGUP', 'CHANNEL_HANGUP_COMPLETE', 'CHANNEL_DESTROY'],
  )
  held.release([2, 0, 1])
  await clock.advance(50)
  assert.deepEqual(
    link.events.map(event => event.split(' ')[0]),
    ['CHANNEL_DESTROY', 'CHANNEL_HANGUP', 'CHANNEL_HANGUP_COMPLETE'],
  )
  await sim.close()
})

test('a late event is overtaken by those behind it, and a doubled one comes twice', async () => {
  const { clock, sim, link, person } = await caller()
  sim.faults.delay(event => event.name === 'CHANNEL_HANGUP', 3_000)
  sim.faults.repeat(event => event.name === 'CHANNEL_HANGUP_COMPLETE')
  person.hangUp()
  await clock.advance(2_000)
  assert.deepEqual(
    link.events.map(event => event.split(' ')[0]),
    ['CHANNEL_HANGUP_COMPLETE', 'CHANNEL_HANGUP_COMPLETE'],
  )
  await clock.advance(2_000)
  assert.ok(link.events.at(-1)!.startsWith('CHANNEL_HANGUP '))
  await sim.close()
})

test('a frozen switch accepts connections and says nothing; when it is thawed it does at once what was due', async () => {
  const { clock, sim, link, person, node } = await caller()
  node.last.execute('playback', 'ivr/short.wav')
  await clock.advance(100)
  const answers = link.answers.length
  sim.freeze()
  link.send(`uuid_exists ${person.uuid}`)
  let said = ''
  const fresh = sim.connect()
  fresh.listen({ data: chunk => void (said += chunk.toString()), close() {} })
  person.hangUp()
  const waiting = sim.world.call({ from: '556', to: 'switchhook-welcome' })
  await clock.advance(60_000)
  assert.deepEqual([link.answers.length - answers, said, link.events, node.calls.length], [0, '', [], 1])
  assert.ok(!node.last.said.some(event => event.includes('COMPLETE playback')))
  sim.thaw()
  await clock.advance(100)
  assert.equal(link.answers.length - answers, 1)
  assert.match(said, /auth\/request/)
  assert.equal(person.state, 'gone')
  assert.deepEqual([node.calls.length, node.last.uuid], [2, waiting.uuid])
  assert.ok(link.events.some(event => event === `CHANNEL_HANGUP ${person.uuid.slice(0, 8)}`))
  await sim.close()
  assert.deepEqual(clock.pending(), [])
})

test('a node that dies while the switch is frozen loses its call when the switch is thawed', async () => {
  const { clock, sim, node } = await caller()
  sim.freeze()
  node.last.wire.destroy()
  await clock.advance(5_000)
  assert.equal(node.calls.length, 1)
  sim.thaw()
  await clock.advance(100)
  assert.equal(node.calls.length, 2)
  await sim.close()
})

test('a timer that was cancelled by what came first is not run at the thaw', async () => {
  const { sim, clock } = openSim()
  const ran: string[] = []
  const second = sim.clock.after(20, () => ran.push('second'))
  sim.clock.after(10, () => {
    ran.push('first')
    second.cancel()
  })
  sim.freeze()
  await clock.advance(1_000)
  assert.deepEqual(ran, [])
  sim.thaw()
  assert.deepEqual(ran, ['first'])
  await sim.close()
})

test('the heartbeat says how many sessions there are, in the words of the real one', async () => {
  const { clock, sim } = openSim({ heartbeat: true })
  void new Node(sim, A, call => call.execute('answer'))
  const beats: string[] = []
  const wire = sim.connect()
  wire.listen({
    data: chunk => void (chunk.includes('Event-Name: HEARTBEAT') && beats.push(chunk.toString())),
    close() {},
  })
  wire.write(`auth ${sim.password}\n\nevent plain HEARTBEAT\n\n`)
  const [one] = [
    sim.world.call({ from: '555', to: 'switchhook-welcome' }),
    sim.world.call({ from: '556', to: 'switchhook-welcome' }),
  ]
  await clock.advance(10_000)
  one.hangUp()
  await clock.advance(11_000)
  const names = [...beats[0]!.matchAll(/^([A-Za-z-]+): /gm)].map(([, name]) => name!)
  assert.deepEqual(names.slice(names.indexOf('Event-Info')), [
    'Event-Info',
    'Up-Time',
    'FreeSWITCH-Version',
    'Uptime-msec',
    'Session-Count',
    'Max-Sessions',
    'Session-Per-Sec',
    'Session-Per-Sec-Last',
    'Session-Per-Sec-Max',
    'Session-Per-Sec-FiveMin',
    'Session-Since-Startup',
    'Session-Peak-Max',
    'Session-Peak-FiveMin',
    'Idle-CPU',
  ])
  const value = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(beats[0]!)![1]
  assert.deepEqual(['Session-Count', 'Session-Since-Startup', 'Session-Peak-Max', 'Session-Per-Sec-Max'].map(value), [
    '1',
    '2',
    '2',
    '2',
  ])
  await sim.close()
})
