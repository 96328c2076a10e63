/**
 * How many calls a node accepts: its own measurements, and what callers notice of the result. The test controls the
 * time, which may run late.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Clock } from '../../src/base/clock.ts'
import { silentLog, type Log } from '../../src/base/log.ts'
import { Admission, type AdmissionState } from '../../src/call/admission.ts'
import { floorLines } from '../../src/desk/status-line.ts'

/** A process whose timers are late, as with too much work. */
class BusyClock implements Clock {
  #time = 0
  readonly #timers: { at: number; fn: (() => void) | null }[] = []

  now(): number {
    return this.#time
  }
  monotonic(): number {
    return this.#time
  }
  after(ms: number, fn: () => void) {
    const timer: { at: number; fn: (() => void) | null } = { at: this.#time + ms, fn }
    this.#timers.push(timer)
    return { cancel: () => void (timer.fn = null) }
  }

  turn(fn: () => void): void {
    this.after(0, fn)
  }

  get pending(): number {
    return this.#timers.filter(timer => timer.fn).length
  }

  /** Time passes; each timer comes `late` milliseconds after its moment. */
  pass(ms: number, late = 0): void {
    const end = this.#time + ms
    for (;;) {
      const next = this.#timers.filter(timer => timer.fn).sort((a, b) => a.at - b.at)[0]
      if (!next || next.at + late > end) break
      this.#time = Math.max(this.#time, next.at + late)
      const { fn } = next
      this.#timers.splice(this.#timers.indexOf(next), 1)
      fn!()
    }
    this.#time = end
  }

  /** Nothing runs for this time; then everything that is due runs. */
  stall(ms: number): void {
    this.pass(ms, ms - 20)
  }
}

function openNode(t: TestContext, maxCalls = 100) {
  const clock = new BusyClock()
  const said: { level: 'info' | 'warn'; message: string; fields: Record<string, unknown> }[] = []
  const hear = (level: 'info' | 'warn') => (fields: unknown, message?: string) =>
    void said.push({ level, fields: fields as Record<string, unknown>, message: message ?? '' })
  const log = { ...silentLog, info: hear('info'), warn: hear('warn') } as Log
  const node = { clock, said, calls: 0, coming: 0, states: [] as AdmissionState[], takesOver: false, works: true }
  let worked = 0
  let lookedAt = 0
  const cpuMs = () => {
    if (node.works) worked += clock.monotonic() - lookedAt
    lookedAt = clock.monotonic()
    return worked
  }
  const admission = new Admission({
    clock,
    log,
    maxCalls,
    cpuMs,
    load: () => ({ calls: node.calls, coming: node.coming }),
    takesOver: () => node.takesOver,
  })
  admission.on('state', state => node.states.push(state))
  t.after(() => {
    admission[Symbol.dispose]()
    assert.equal(clock.pending, 0, 'a timer was left behind')
  })
  return Object.assign(node, { admission })
}

test('a node takes as many callers as it was set to, sends the next one to the overflow, and takes callers again when a tenth have gone', t => {
  const node = openNode(t, 100)
  node.calls = 99
  assert.ok(node.admission.admits(), 'the hundredth')
  node.calls = 100
  assert.ok(!node.admission.admits(), 'the hundred and first')
  node.calls = 91
  assert.ok(
    !node.admission.admits(),
    'one who goes does not open the door to one who comes: it would be opened and closed all the time',
  )
  node.calls = 90
  assert.ok(node.admission.admits(), 'now there is room')
  assert.deepEqual(node.states, ['shedding', 'open'])
})

test('a node that has taken over twice as many calls as it should is overrun, and no more when a tenth of them have gone', t => {
  const node = openNode(t, 100)
  node.calls = 200
  node.clock.pass(20)
  assert.equal(node.admission.state, 'overrun', 'within one tick, without being asked')
  node.calls = 181
  node.clock.pass(1_000)
  assert.equal(node.admission.state, 'overrun')
  node.calls = 180
  node.clock.pass(20)
  assert.equal(
    node.admission.state,
    'shedding',
    'the port is open for the calls of other nodes; there is no room for new ones',
  )
  node.calls = 90
  node.clock.pass(20)
  assert.equal(node.admission.state, 'open')
})

test('hundreds who come at once, because a neighbour died, are not counted before they live here: the last node must not refuse them', t => {
  const node = openNode(t, 100)
  node.calls = 80
  for (node.coming = 1; node.coming <= 500; node.coming++) node.admission.look()
  assert.equal(node.admission.state, 'open')
})

test('a node whose event loop is late for a second sheds, and takes callers again half a second after it is in time', t => {
  const node = openNode(t)
  node.calls = 25
  node.clock.pass(900, 60)
  assert.equal(node.admission.state, 'open', 'it may be catching up')
  node.clock.pass(500, 60)
  assert.equal(node.admission.state, 'shedding')
  assert.ok(!node.admission.admits())
  node.clock.pass(400)
  assert.equal(node.admission.state, 'shedding')
  node.clock.pass(600)
  assert.equal(node.admission.state, 'open', 'not five seconds later, when the late ticks are forgotten')
  node.clock.pass(40, 30)
  assert.equal(node.admission.state, 'open', 'what was is not held against it')
})

test('a node that is late though hardly anybody calls takes every caller: it is not they who make it late', t => {
  const node = openNode(t, 100)
  node.calls = 24
  node.clock.pass(20_000, 200)
  assert.deepEqual(node.states, [])
})

test('a node that is late because others use the machine takes every caller: whoever is sent away gives it no time', t => {
  const node = openNode(t)
  node.calls = 60
  node.works = false
  node.clock.pass(20_000, 200)
  assert.deepEqual(node.states, [])
  assert.equal(node.admission.figures.lagMs, 200, 'it is seen how late it is')
  node.works = true
  node.clock.pass(2_000, 200)
  assert.equal(node.admission.state, 'shedding', 'late by its own work')
})

test('a node that is late by more than a second, whoever makes it late, sends new callers to the overflow: they would take the line for dead', t => {
  const node = openNode(t)
  node.calls = 2
  node.works = false
  node.clock.pass(10_000, 1_100)
  assert.equal(node.admission.state, 'shedding')
  node.clock.pass(1_000)
  assert.equal(node.admission.state, 'open')
})

test('a node that is late by 40 ms takes every caller', t => {
  const node = openNode(t)
  node.calls = 50
  node.clock.pass(20_000, 40)
  assert.deepEqual(node.states, [])
})

test('a node that is late because it takes over the calls of a dead one takes new callers too: that ends', t => {
  const node = openNode(t)
  node.calls = 60
  node.takesOver = true
  node.clock.pass(5_000, 200)
  assert.equal(node.admission.state, 'open')
  node.takesOver = false
  node.clock.pass(5_000, 200)
  assert.equal(node.admission.state, 'shedding', 'late without a reason that passes')
})

test('one long pause is over when it is seen: nobody is refused because of it', t => {
  const node = openNode(t)
  node.clock.stall(5_000)
  node.clock.pass(10_000)
  node.clock.stall(800)
  assert.ok(node.admission.admits())
  assert.deepEqual(node.states, [])
})

test('pauses that come a few times a second are a load, pauses that come every other second are none', t => {
  const often = openNode(t)
  often.calls = 50
  for (let n = 0; n < 10; n++) {
    often.clock.stall(90)
    often.clock.pass(310)
  }
  assert.equal(often.admission.state, 'shedding')

  const rarely = openNode(t)
  rarely.calls = 50
  for (let n = 0; n < 20; n++) {
    rarely.clock.stall(90)
    rarely.clock.pass(2_000)
  }
  assert.deepEqual(rarely.states, [])
})

test('who reads the log at night is told once when it begins, with the figures, and once when it is over', t => {
  const node = openNode(t, 10)
  node.calls = 12
  for (let n = 0; n < 100; n++) node.admission.admits()
  node.clock.pass(2_000)
  node.calls = 3
  node.clock.pass(2_000)
  assert.deepEqual(
    node.said.map(({ level, message }) => `${level}: ${message}`),
    ['warn: this node is full: new callers are sent to the overflow', 'info: this node takes new calls again'],
  )
  assert.deepEqual(node.said[0]!.fields, { calls: 12, coming: 0, lagMs: 0, maxCalls: 10 })
  const { ms, ...figures } = node.said[1]!.fields
  assert.deepEqual(figures, { calls: 3, coming: 0, lagMs: 0, maxCalls: 10 })
  assert.ok(Number(ms) >= 2_000 && Number(ms) <= 2_020, `it lasted ${ms} ms`)
})

test('the status line says first of all when new callers are not taken', () => {
  const agents = {
    ready: 1,
    resting: 0,
    unreachable: 0,
    ringing: 0,
    talking: 0,
    'wrap-up': 0,
    elsewhere: 0,
    break: 0,
    out: 0,
  }
  const floor = { calls: 12, waiting: 2, longestWaitMs: 9_000, talking: 3, agents, campaigns: [] }
  const line = (admission: AdmissionState) => floorLines({ ...floor, admission })[0]
  assert.equal(line('open'), '12 calls on this node · all nodes: 2 waiting (longest 9s) · 3 talking · agents: 1 ready')
  assert.equal(line('shedding'), `shedding: new callers are sent to the overflow · ${line('open')}`)
  assert.equal(line('overrun'), `the port is closed: FreeSWITCH offers calls to other nodes · ${line('open')}`)
})

test('the figures say how late 99 of 100 ticks were at most', t => {
  const node = openNode(t)
  node.clock.pass(4_000, 5)
  node.clock.stall(70)
  node.clock.stall(80)
  node.clock.stall(90)
  assert.equal(node.admission.figures.lagMs, 50)
})
