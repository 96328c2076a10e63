/** A node whose FreeSWITCH is down when it starts: over TCP, as after a power failure. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog, type Log } from '../../src/base/log.ts'
import { Scope } from '../../src/base/scope.ts'
import { silentEvents } from '../../src/events/events.ts'
import { Switchboard } from '../../src/switch/switchboard.ts'
import { openSwitch } from '../../src/node/switches.ts'
import { SimulatedSwitch } from '../../src/testing/index.ts'

async function installed(t: TestContext) {
  const scope = new Scope()
  const sim = new SimulatedSwitch({ clock: systemClock, password: 'secret', network: 'tcp', heartbeat: false })
  const port = await sim.listen({ port: 0 })
  const warned: string[] = []
  const log: Log = { ...silentLog, warn: ((_fields: object, text: string) => void warned.push(text)) as Log['warn'] }
  let told: () => void = () => {}
  const linked = new Promise<void>(resolve => (told = resolve))
  t.after(async () => {
    await scope[Symbol.asyncDispose]()
    await sim.close()
  })
  const open = (password = 'secret') =>
    openSwitch(
      { host: '127.0.0.1', port, password },
      { clock: systemClock, log, events: silentEvents, scope, linked: told },
    )
  return { sim, open, warned, linked }
}

test('a node starts without its switch, says so, dials nobody, and has it as soon as it is there', async t => {
  const { sim, open, warned, linked } = await installed(t)
  sim.kill()
  const one = await open()
  const board = new Switchboard()
  board.add(one)
  assert.equal(one.up, false)
  assert.deepEqual(warned, [
    'FreeSWITCH cannot be reached: the node starts without it and keeps trying',
    'the event link is down',
    'the command link is down',
  ])
  assert.throws(() => board.any(), { code: 'LINK_DOWN' })
  const early = 'a call of a run that nobody has told of'
  assert.equal(board.of(early), one, 'it brings calls before its event link is up')
  const back = one.next('back')
  sim.restart()
  await linked
  await back
  assert.ok(one.up)
  assert.equal(one.facts.core, sim.coreUuid)
  assert.equal(one.waiting, false, 'nothing was lost: there was no run before')
  assert.equal(board.any(), one)
  assert.equal(board.of(early), null)
})

test('a node does not start with a password that its switch refuses', async t => {
  const { open } = await installed(t)
  await assert.rejects(open('wrong'), { code: 'SWITCH_REFUSED' })
})
