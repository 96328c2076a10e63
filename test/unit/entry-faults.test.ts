/** What the log says about a connection that this node could not take in: the other end's doing, or a fault of ours. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { silentLog, type Log } from '../../src/base/log.ts'
import { Door } from '../../src/call/entry.ts'
import { Switchboard } from '../../src/switch/switchboard.ts'
import { SimulatedSwitch, VirtualClock } from '../../src/testing/index.ts'

const HERE = '127.0.0.1:8084'
const NEXT = '127.0.0.1:8085'

/** Two nodes; `admits` is the first one's. */
function open(t: TestContext, admits: () => boolean) {
  const clock = new VirtualClock()
  const said: string[] = []
  const tell = (level: string) => (fields: { error?: string }, text: string) =>
    void said.push(`${level} ${text}: ${fields.error}`)
  const log = { ...silentLog, warn: tell('warn'), error: tell('error') } as unknown as Log
  const sim = new SimulatedSwitch({ clock, seed: 5 })
  sim.installEntry([HERE, NEXT])
  const brought: string[] = []
  const part = { clock, switchboard: new Switchboard() }
  const here = new Door({ ...part, log, admits, start: () => void brought.push('here') })
  const next = new Door({ ...part, log, start: () => void brought.push('next') })
  sim.listeners.set(HERE, wire => void here.accept(wire))
  sim.listeners.set(NEXT, wire => void next.accept(wire))
  t.after(() => sim.close())
  return { clock, sim, said, brought }
}

test('a fault in this node while it takes a call in is an error with its stack, and the next node serves the caller', async t => {
  const { clock, sim, said, brought } = open(t, () => {
    throw new TypeError('no such thing')
  })
  sim.world.call({ from: '100', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  assert.deepEqual(brought, ['next'])
  assert.equal(said.length, 1)
  assert.match(said[0]!, /^error a fault in this node closed a connection.*TypeError: no such thing\n +at /s)
})

test('a caller who hangs up in the moment of the connection is a warning, not a fault of this node', async t => {
  const { clock, sim, said, brought } = open(t, () => true)
  const accept = sim.listeners.get(HERE)!
  sim.listeners.set(HERE, wire => {
    accept(wire)
    wire.destroy()
  })
  sim.world.call({ from: '100', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  assert.deepEqual(brought, ['next'])
  assert.equal(said.length, 1)
  assert.match(said[0]!, /^warn connection closed before it identified a call/)
})
