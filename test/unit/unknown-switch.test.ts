/**
 * Calls of a FreeSWITCH that the setting FREESWITCH does not name: no caller may wait for an agent on another
 * FreeSWITCH.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { SwitchError } from '../../src/base/errors.ts'
import { silentLog, type Log } from '../../src/base/log.ts'
import { silentEvents } from '../../src/events/events.ts'
import { Door } from '../../src/call/entry.ts'
import { CallContext } from '../../src/call/call-context.ts'
import type { Leg } from '../../src/call/leg.ts'
import { Switch, Switchboard } from '../../src/switch/switchboard.ts'
import { EventLink } from '../../src/esl/events.ts'
import type { Ident } from '../../src/esl/safe-text.ts'
import { countAgents } from '../../src/agent/words.ts'
import { floorLines } from '../../src/desk/status-line.ts'
import { connectionCommands } from '../../src/testing/commands.ts'
import { SimulatedSwitch, VirtualClock, type Person } from '../../src/testing/index.ts'

const ADDRESS = '127.0.0.1:8084'

/** A node that commands `named` FreeSWITCHes, and one more FreeSWITCH with the same dialplan. */
async function open(t: TestContext, named: number) {
  const clock = new VirtualClock()
  const errors: { fields: Record<string, unknown>; text: string }[] = []
  const log: Log = {
    ...silentLog,
    error: ((fields: Record<string, unknown>, text: string) => void errors.push({ fields, text })) as Log['error'],
  }
  const switchboard = new Switchboard()
  const legs: Leg[] = []
  const door = new Door({ clock, log, switchboard, start: leg => void legs.push(leg) })
  const switches: SimulatedSwitch[] = []
  const links: EventLink[] = []
  /** FreeSWITCHes whose event socket cannot be reached. */
  const cutOff = new Set<number>()
  const install = (seed: number) => {
    const sim = new SimulatedSwitch({ clock, seed })
    sim.installEntry([ADDRESS])
    sim.listeners.set(ADDRESS, wire => void door.accept(wire))
    switches.push(sim)
    return sim
  }
  for (let at = 0; at < named; at++) {
    const sim = install(at + 1)
    const connect = async () => {
      try {
        if (cutOff.has(at)) throw new Error('no way there')
        return sim.connect()
      } catch (error) {
        throw new SwitchError('LINK_DOWN', (error as Error).message)
      }
    }
    const events = new EventLink({ name: `fs-${at}`, open: connect, password: sim.password, clock, log: silentLog })
    links.push(events)
    const facts = await events.start()
    const commands = await connectionCommands(sim.connect(), { password: sim.password, clock })
    switchboard.add(new Switch({ name: `fs-${at}`, commands, events, facts, clock, log: silentLog }))
  }
  const other = install(99)
  t.after(async () => {
    for (const events of links) await events.close()
    for (const sim of switches) await sim.close()
    await clock.advance(30_000)
    assert.deepEqual(clock.pending(), [])
  })
  const call = async (sim: SimulatedSwitch, waitMs = 100): Promise<Person> => {
    const person = sim.world.call({ from: '+4930111', to: 'switchhook-welcome' })
    await clock.advance(waitMs)
    return person
  }
  const context = new CallContext({
    clock,
    log,
    events: silentEvents,
    door,
    switchboard,
    settings: { ringForMs: 20_000, gateway: 'carrier' as Ident, detect: {} },
  })
  return { context, cutOff, clock, switchboard, door, legs, errors, switches, other, call }
}

const hears = (person: Person, sound: string) => person.heard.some(({ what }) => what === sound)

for (const named of [1, 2]) {
  test(`with ${named} named ${named === 1 ? 'switch' : 'switches'}, a caller of another one goes to the fallback at once, and the log says what is missing`, async t => {
    const { clock, door, legs, errors, other, switches, call } = await open(t, named)
    const person = await call(other)
    assert.equal(legs.length, 0, 'no flow began, so no agent is promised')
    await clock.advance(2_000)
    assert.ok(hears(person, 'switchhook/sorry'), JSON.stringify(person.heard))
    assert.equal(errors.length, 1)
    const { fields, text } = errors[0]!
    assert.match(text, /FREESWITCH does not name/)
    assert.deepEqual(
      { ...fields, core: fields['core'] === other.coreUuid },
      { peer: 'memory', core: true, hostname: 'sim', uuid: person.uuid, calls: 1 },
    )
    assert.equal(door.callsOfUnknownSwitches, 1)
    for (const sim of switches.slice(0, named)) await call(sim)
    assert.equal(legs.length, named, 'callers of named switches are served')
    assert.deepEqual(
      legs.map(leg => leg.home?.name),
      Array.from({ length: named }, (_, at) => `fs-${at}`),
    )
  })
}

test('a hundred such callers are a hundred in the status line, and not a hundred lines in the log', async t => {
  const { clock, door, errors, other, call } = await open(t, 1)
  for (let caller = 0; caller < 100; caller++) await call(other, 10)
  await clock.advance(1_000)
  assert.equal(door.callsOfUnknownSwitches, 100)
  assert.equal(errors.length, 1)
  await clock.advance(60_000)
  await call(other)
  assert.deepEqual(
    errors.map(({ fields }) => fields['calls']),
    [1, 101],
  )
  const snapshot = {
    calls: 0,
    waiting: 0,
    longestWaitMs: null,
    talking: 0,
    agents: countAgents([], 0),
    campaigns: [],
    unnamed: 101,
  }
  assert.match(floorLines(snapshot)[0]!, /^101 calls from a FreeSWITCH that FREESWITCH does not name · /)
})

test('a caller of a named switch that was just started anew is served before its event link is back', async t => {
  const { clock, legs, errors, switches, call } = await open(t, 2)
  const [first] = switches
  first!.kill()
  await clock.advance(10_000)
  first!.restart()
  await call(first!, 20)
  assert.deepEqual(
    legs.map(leg => leg.home?.name),
    ['fs-0'],
  )
  assert.equal(errors.length, 0)
})

test('a switch that was started anew while its link only seemed to stand is recognised by asking it', async t => {
  const { legs, errors, switches, call, switchboard } = await open(t, 1)
  const [only] = switches
  // another run answers at the same address, and no node knows it yet
  Object.assign(only!, { coreUuid: only!.newUuid() })
  await call(only!, 20)
  assert.equal(errors.length, 0, 'it is ours')
  assert.equal(legs.length, 1)
  assert.ok(switchboard.switches[0]!.up)
})

test('a leg of such a switch that comes back from somewhere is hung up: nobody here has dialled it', async t => {
  const { clock, legs, errors, other } = await open(t, 1)
  const person = other.world.call({ from: '+4930111', to: 'switchhook-leg' })
  await clock.advance(1_000)
  assert.deepEqual([legs.length, errors.length, person.state], [0, 1, 'gone'])
  assert.equal(hears(person, 'switchhook/sorry'), false)
})

test('who cannot be told from a call of any of two switches that are down dials nobody on the wrong one', async t => {
  const { context, cutOff, clock, legs, switches, call, switchboard } = await open(t, 2)
  for (const sim of switches.slice(0, 2)) sim.kill()
  // the links try again at random moments: neither is back when the caller comes
  for (const at of [0, 1]) cutOff.add(at)
  await clock.advance(5_000)
  for (const sim of switches.slice(0, 2)) sim.restart()
  await call(switches[1]!, 20)
  assert.deepEqual(
    legs.map(leg => leg.home),
    [null],
  )
  assert.throws(() => context.switchOf(legs[0]!), { code: 'LINK_DOWN' })
  cutOff.delete(0)
  await clock.advance(10_000)
  assert.deepEqual(
    switchboard.switches.map(one => one.up),
    [true, false],
  )
  assert.equal(context.switchOf(legs[0]!).name, 'fs-1', 'not the first that is up')
  cutOff.clear()
  await clock.advance(10_000)
  assert.equal(context.switchOf(legs[0]!).name, 'fs-1')
})
