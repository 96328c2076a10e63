/**
 * This many callers (the first argument) through menu, queue and agent in virtual time. A separate program, because the
 * asynchronous hooks of node:test would cost more than Switchhook. Throws at the first thing that is left behind.
 */
import assert from 'node:assert/strict'
import { Simulation } from '../../src/testing/simulation.ts'
import welcome from '../../scripts/welcome.ts'

const CALLERS = Number(process.argv[2])
const AGENTS = 60
/** Ten callers a second would need hundreds of agents; one every 400 ms keeps sixty busy and some callers waiting. */
const EVERY_MS = 400

const sim = new Simulation({ sounds: { 'moh/calm': '5m' } })
const { world } = sim.switch
const rig = await sim.until('node a opens', sim.ready)
let declined = 0
for (let number = 0; number < AGENTS; number++) {
  const agent = sim.agent(`agent-${number}`, { wrapUp: '2s' })
  await agent.ready()
  let rung = 0
  agent.place.behaviour = {
    answers: '2s',
    rings: person => {
      const ring = rung++
      person.on('heard', sound => {
        if (sound === 'whisper/press-1') {
          if (ring % 17 === 5) {
            declined++ // does not want this one
            sim.clock.after(300, () => person.hangUp())
          } else sim.clock.after(300, () => person.press('1'))
        }
      })
      person.on('talking', other => {
        if (other && ring % 3 === 0) sim.clock.after(9_000, () => person.hangUp())
      })
    },
  }
}
const name = sim.install('welcome', welcome)
let gone = 0
let talked = 0
const arrive = (number: number) => {
  const person = world.call({ from: `+49301${String(100_000 + number)}`, to: `switchhook-${name}` })
  person.on('ended', () => gone++)
  person.on('heard', sound => {
    if (sound !== 'ivr/welcome') return
    if (number % 23 === 7) sim.clock.after(500, () => person.hangUp()) // hangs up in the menu
    else sim.clock.after(400, () => person.press(number % 2 === 0 ? '1' : '2'))
  })
  person.on('talking', other => {
    if (!other) return
    talked++
    sim.clock.after(12_000, () => person.hangUp())
  })
  // gives up: in the queue, while it rings, in the whisper
  if (number % 29 === 11) sim.clock.after(6_000, () => person.hangUp())
  if (number + 1 < CALLERS) sim.clock.after(EVERY_MS, () => arrive(number + 1))
}
arrive(0)
await sim.until('everybody is gone', () => gone === CALLERS, '3h')
await sim.advance('20s')

assert.equal(sim.records.length, CALLERS)
assert.equal(rig.flows.running, 0)
assert.equal(rig.calls.door.legs.size, 0, 'legs that the node still knows')
for (const agent of await sim.roster.list(sim.clock.now()))
  assert.equal(`${agent.name} ${agent.state}`, `${agent.name} idle`)
for (const queue of ['sales', 'support']) assert.deepEqual(await sim.queueStore.members(queue), [])
assert.ok(talked > CALLERS * 0.85, `only ${talked} talked`)
assert.ok(declined > CALLERS / 50, `agents declined only ${declined} callers`)
assert.equal(sim.records.filter(record => record.outcome === 'error').length, 0)
await sim.close()
