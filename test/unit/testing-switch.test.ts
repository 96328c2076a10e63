/** The simulated FreeSWITCH's applications, API and people, as far as authors of verbs need them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { A, Link, Node, openSim } from './testing-node.ts'

const answered =
  (then: (call: { execute(application: string, argument?: string): void }) => void) =>
  (call: { execute(application: string, argument?: string): void }) => {
    call.execute('answer')
    then(call)
  }

test('what nobody knows is loud: the application hangs up, the command is refused, both are remembered', async () => {
  const { clock, sim } = openSim()
  const node = new Node(
    sim,
    A,
    answered(call => call.execute('no_such_thing', 'x')),
  )
  const link = new Link(sim, clock)
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(100)
  assert.equal(caller.cause, 'DESTINATION_OUT_OF_ORDER')
  assert.ok(!node.last.said.some(event => event.includes('EXECUTE_COMPLETE no_such_thing')))
  assert.equal(await link.api('no_such_api x'), '-ERR no_such_api Command not found!')
  assert.deepEqual(sim.unknown, ['application no_such_thing', 'api no_such_api'])
  await sim.close()
})

test('a break before an application begins is forgotten, one while it runs ends it', async () => {
  const { clock, sim } = openSim({ usualSound: '10s' })
  const node = new Node(
    sim,
    A,
    answered(() => {}),
  )
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(500)
  node.last.send(`api uuid_break ${caller.uuid}`)
  node.last.execute('playback', 'ivr/a.wav')
  await clock.advance(5_000)
  assert.ok(!node.last.said.at(-1)!.includes('COMPLETE'))
  node.last.send(`api uuid_break ${caller.uuid}`)
  await clock.advance(50)
  assert.equal(node.last.said.at(-1), 'CHANNEL_EXECUTE_COMPLETE playback FILE PLAYED')
  node.last.execute('endless_playback', 'moh/calm.wav')
  await clock.advance(1_000)
  node.last.send(`api uuid_break ${caller.uuid} all`)
  await clock.advance(1_000)
  assert.equal(node.last.said.filter(event => event.includes('COMPLETE endless')).length, 0, 'music begins again')
  await sim.close()
})

test('commands wait behind one another, the api does not; break all forgets those that wait', async () => {
  const { clock, sim } = openSim({ usualSound: '10s' })
  const node = new Node(
    sim,
    A,
    answered(call => (call.execute('playback', 'ivr/a.wav'), call.execute('playback', 'ivr/b.wav'))),
  )
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  node.last.send(`api uuid_setvar ${caller.uuid} x 1`)
  await clock.settle()
  assert.equal(node.last.said.at(-1), '+OK')
  node.last.send(`api uuid_break ${caller.uuid} all`)
  await clock.advance(12_000)
  assert.deepEqual(
    caller.heard.map(({ what }) => what),
    ['ivr/a'],
  )
  await sim.close()
})

test('a caller who presses a key is understood at the end of the key, and a wrong one asks again', async () => {
  const { clock, sim } = openSim({ sounds: { 'ivr/menu': '4s' } })
  const node = new Node(
    sim,
    A,
    answered(call => call.execute('play_and_get_digits', '1 1 3 2000 # ivr/menu.wav ivr/wrong.wav key [12] 2000')),
  )
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  caller.press('7')
  await clock.advance(240)
  assert.ok(!node.last.said.includes('DTMF'))
  await clock.advance(60)
  assert.ok(node.last.said.includes('DTMF'))
  await clock.advance(3_000)
  caller.press('2')
  await clock.advance(400)
  assert.deepEqual(
    caller.heard.map(({ what }) => what),
    ['ivr/menu', 'ivr/wrong', 'ivr/menu'],
  )
  assert.equal(sim.locate(caller.uuid)?.variables.get('key'), '2')
  assert.equal(sim.locate(caller.uuid)?.variables.get('read_result'), 'success')
  assert.equal(sim.locate(caller.uuid)?.variables.get('key_invalid'), '7')
  await sim.close()
})

test('the terminator alone answers nothing: it uses up one try', async () => {
  // Measured on 1.10.12; so uuid_recv_dtmf of the terminator does not end a question with more than one try.
  const { clock, sim } = openSim()
  const node = new Node(
    sim,
    A,
    answered(call =>
      call.execute('play_and_get_digits', '1 1 3 2000 # tone_stream://%(1500,0,440) silence_stream://10 key [12] 2000'),
    ),
  )
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(500)
  node.last.send(`api uuid_recv_dtmf ${caller.uuid} #`)
  await clock.advance(6_900)
  assert.ok(!node.last.said.some(event => event.includes('COMPLETE play_and_get_digits')))
  await clock.advance(300)
  assert.ok(node.last.said.some(event => event.includes('COMPLETE play_and_get_digits')))
  await sim.close()
})

test('a key ends a prompt only if the leg says so', async () => {
  const { clock, sim } = openSim({ usualSound: '5s' })
  const node = new Node(
    sim,
    A,
    answered(call => call.execute('playback', 'ivr/a.wav')),
  )
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(500)
  caller.press('*')
  await clock.advance(1_000)
  assert.ok(node.last.said.at(-1)!.startsWith('DTMF'), 'the entry extension says none')
  await clock.advance(5_000)
  node.last.send(`api uuid_setvar ${caller.uuid} playback_terminators 1*`)
  node.last.execute('playback', 'ivr/a.wav')
  await clock.advance(500)
  caller.press('*')
  await clock.advance(300)
  assert.equal(node.last.said.at(-1), 'CHANNEL_EXECUTE_COMPLETE playback FILE PLAYED')
  await sim.close()
})

test('a leg that Switchhook dials answers, is turned round, and arrives at the door before its job is done', async () => {
  const { clock, sim } = openSim()
  const node = new Node(sim, A)
  const link = new Link(sim, clock, 'BACKGROUND_JOB CHANNEL_CREATE CHANNEL_ANSWER')
  const phone = sim.world.at('user/alice', { answers: '3s' })
  link.send('originate user/nobody switchhook-leg XML switchhook')
  await clock.advance(100)
  assert.deepEqual(link.answers, ['-ERR SUBSCRIBER_ABSENT'])
  const uuid = await link.api(
    'originate {origination_uuid=11111111-2222-4333-8444-555555555555,origination_caller_id_number=+49301,ignore_early_media=true,' +
      'note=a\\,b}user/alice switchhook-leg XML switchhook',
  )
  assert.equal(uuid, '+OK 11111111-2222-4333-8444-555555555555')
  await clock.advance(50)
  const { variables } = node.last
  assert.deepEqual(
    ['socket_path', 'note', 'is_outbound'].map(name => variables.get(name)),
    ['leg', 'a,b', 'true'],
  )
  const { callerIdNumber, destinationNumber } = sim.locate(node.last.uuid)!.profile.fields
  assert.deepEqual([callerIdNumber, destinationNumber], ['alice', 'switchhook-leg'])
  assert.equal(
    await link.api('originate {origination_uuid=11111111-2222-4333-8444-555555555555}user/alice &park()'),
    '-ERR DESTINATION_OUT_OF_ORDER',
  )
  assert.equal(phone.people.length, 1)
  await sim.close()
})

test('numbers of the carrier answer by their last digit, unless somebody lives there', async () => {
  const { clock, sim } = openSim()
  const link = new Link(sim, clock)
  sim.world.at('sofia/gateway/carrier/2008', { answers: 'declined' })
  sim.gateways.set('second', 'DOWN')
  const dial = (endpoint: string) =>
    link.api(`originate {originate_timeout=2}${endpoint} &park()`).then(answer => answer.replace(/^\+OK .*/, '+OK'))
  assert.equal(await dial('sofia/gateway/carrier/2001'), '+OK')
  assert.equal(await dial('sofia/gateway/carrier/1008'), '-ERR USER_BUSY')
  assert.equal(await dial('sofia/gateway/carrier/2008'), '-ERR CALL_REJECTED')
  assert.equal(await dial('sofia/gateway/carrier/2007'), '-ERR NO_ANSWER')
  assert.equal(await dial('sofia/gateway/carrier/2009'), '-ERR UNALLOCATED_NUMBER')
  assert.equal(await dial('sofia/gateway/second/2001'), '-ERR GATEWAY_DOWN')
  assert.equal(await dial('error/USER_BUSY'), '-ERR USER_BUSY')
  await sim.close()
})

test('early media is enough for an answer only when it is not ignored', async () => {
  const { clock, sim } = openSim()
  const link = new Link(sim, clock)
  sim.world.at('user/alice', { answers: '2s', early: '183' })
  const timed = async (variables: string) => {
    const began = clock.monotonic()
    await link.api(`originate {${variables}}user/alice &park()`)
    return clock.monotonic() - began
  }
  assert.ok((await timed('x=1')) < 100)
  assert.ok((await timed('ignore_early_media=true')) >= 2_000)
  await sim.close()
})

test('a telephone may need a while until it rings, or is busy', async () => {
  const { clock, sim } = openSim()
  const link = new Link(sim, clock)
  sim.world.at('user/alice', { ringsAfter: '3s', answers: '2s' })
  sim.world.at('user/bob', { ringsAfter: '3s', answers: 'busy' })
  const timed = async (user: string) => {
    const began = clock.monotonic()
    const reply = await link.api(`originate user/${user} &park()`)
    return { reply: reply.slice(0, 4), seconds: Math.floor((clock.monotonic() - began) / 1_000) }
  }
  assert.deepEqual(await timed('alice'), { reply: '+OK ', seconds: 5 })
  assert.deepEqual(await timed('bob'), { reply: '-ERR', seconds: 3 })
  await sim.close()
})

test('everything that people experience is in one transcript', async () => {
  const { clock, sim } = openSim()
  void new Node(
    sim,
    A,
    answered(
      call => (
        call.execute('playback', '/usr/share/freeswitch/sounds/en/us/callie/ivr/hello.wav'),
        call.execute('say', 'en number pronounced 3'),
        call.execute('playback', 'silence_stream://100')
      ),
    ),
  )
  const caller = sim.world.call({ from: '555', name: 'Carla', to: 'switchhook-welcome', talksFor: '5s' })
  await clock.advance(2_000)
  caller.press('1')
  await clock.advance(20_000)
  assert.deepEqual(
    sim.transcript.map(({ who, what }) => `${who} ${what}`),
    [
      'Carla calls switchhook-welcome',
      'Carla answers',
      'Carla hears ivr/hello',
      'Carla hears number 3',
      'Carla presses 1',
      'Carla is gone (NORMAL_CLEARING)',
    ],
  )
  assert.deepEqual(sim.leftovers(), [])
  assert.deepEqual(clock.pending(), [])
})

test('a leg that has just come is not in the list of channels yet, though it exists', async () => {
  const { clock, sim } = openSim()
  const link = new Link(sim, clock)
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.settle()
  assert.equal(await link.api(`uuid_exists ${caller.uuid}`), 'true')
  assert.equal(await link.api('show channels as json'), '{"row_count": 0}')
  await clock.advance(100)
  assert.equal((JSON.parse(await link.api('show channels as json')) as { row_count: number }).row_count, 1)
  await sim.close()
})
