/** The simulated FreeSWITCH under load, and over real sockets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { connectTcp, listenTcp } from '../../src/esl/tcp.ts'
import { SimulatedSwitch } from '../../src/testing/index.ts'
import { A, Node, openSim } from './testing-node.ts'

test('a thousand calls of a minute each leave nothing behind', async () => {
  const { clock, sim } = openSim({ usualSound: '9s' })
  void new Node(sim, A, call => {
    call.execute('answer')
    for (let prompt = 0; prompt < 6; prompt++) call.execute('playback', 'ivr/a.wav')
  })
  for (let call = 0; call < 1_000; call++) {
    sim.world.call({ from: String(call), to: 'switchhook-welcome', talksFor: '1m' })
    await clock.advance(50)
  }
  await clock.advance(90_000)
  assert.equal(sim.transcript.filter(({ what }) => what === 'hears ivr/a').length, 6_000)
  assert.deepEqual(sim.leftovers(), [])
  assert.deepEqual(clock.pending(), [])
})

test('over TCP and in real time a call is taken, heard and ended as in memory', async t => {
  const sim = new SimulatedSwitch({
    clock: systemClock,
    network: 'tcp',
    heartbeat: false,
    sounds: { 'ivr/short': '40ms' },
  })
  t.after(() => sim.close())
  const said: string[] = []
  let close = () => {}
  const closed = new Promise<void>(resolve => (close = resolve))
  const door = await listenTcp({
    host: '127.0.0.1',
    port: 0,
    onWire(wire) {
      wire.listen({ data: chunk => void said.push(chunk.toString()), close: () => close() })
      wire.write('connect\n\nmyevents\n\n')
      for (const [application, argument] of [
        ['answer', ''],
        ['playback', 'ivr/short.wav'],
      ]) {
        wire.write(
          `sendmsg\ncall-command: execute\nexecute-app-name: ${application}\nexecute-app-arg: ${argument}\nevent-lock: true\n\n`,
        )
      }
    },
  })
  t.after(() => door.close())
  sim.installEntry([`127.0.0.1:${door.port}`])
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  const heard = caller.next('heard')
  assert.equal(await heard, 'ivr/short')
  const link = await connectTcp('127.0.0.1', await sim.listen({ port: 0 }))
  const ended = caller.next('ended')
  link.listen({ data() {}, close() {} })
  link.write(`auth ClueCon\n\napi uuid_kill ${caller.uuid} USER_BUSY\n\n`)
  assert.equal(await ended, 'USER_BUSY')
  await closed
  link.end()
  assert.match(said.join(''), /Socket-Mode: async/)
  assert.match(said.join(''), /Event-Name: CHANNEL_HANGUP\n/)
  assert.match(said.join(''), /Content-Disposition: disconnect/)
})
