/** DOOR_KEY: which calls a node accepts when a connection carries the key, another one, or none. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { silentLog, type Log } from '../../src/base/log.ts'
import { Door } from '../../src/call/entry.ts'
import { Switchboard } from '../../src/switch/switchboard.ts'
import type { ApiText } from '../../src/esl/api.ts'
import { connectionCommands } from '../../src/testing/commands.ts'
import { SimulatedSwitch, VirtualClock } from '../../src/testing/index.ts'
import { action } from '../../src/testing/switch/dialplan.ts'

const ADDRESS = '127.0.0.1:8084'
const KEY = 'sixteen-letters!'

function open(t: TestContext) {
  const clock = new VirtualClock()
  const refused: string[] = []
  const log: Log = { ...silentLog, error: ((_: object, text: string) => void refused.push(text)) as Log['error'] }
  const brought: string[] = []
  const door: Door = new Door({
    clock,
    log,
    switchboard: new Switchboard(),
    key: KEY,
    start: leg => void brought.push(leg.uuid),
  })
  const sim = new SimulatedSwitch({ clock, seed: 5 })
  sim.installEntry([ADDRESS], { key: KEY })
  // as when FreeSWITCH unsets the key after the dialplan has set it for the next connection
  sim.dialplan.extension('keyless', [
    action('unset', 'switchhook_key'),
    action('set', 'socket_resume=true'),
    action('socket', `${ADDRESS}/welcome async full`),
    action('park'),
  ])
  sim.listeners.set(ADDRESS, wire => void door.accept(wire))
  t.after(() => sim.close())
  return { clock, sim, door, brought, refused }
}

test('a caller who comes back without the key, to the node that serves them, is served', async t => {
  const { clock, sim, door, brought, refused } = open(t)
  const caller = sim.world.call({ from: '100', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  assert.deepEqual(brought, [caller.uuid])
  const link = await connectionCommands(sim.connect(), { password: sim.password, clock })
  await link.run(`uuid_transfer ${caller.uuid} keyless XML switchhook` as ApiText)
  await clock.advance(1_000)
  assert.deepEqual(refused, [])
  assert.equal(door.legs.get(caller.uuid as never)?.phase, 'driven')
})

test('a stranger who brings no key is refused', async t => {
  const { clock, sim, brought, refused } = open(t)
  sim.world.call({ from: '100', to: 'keyless' })
  await clock.advance(1_000)
  assert.deepEqual(brought, [])
  assert.match(refused[0]!, /switchhook_key differs from DOOR_KEY/)
})
