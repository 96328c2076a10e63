import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { SwitchError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import type { EndedLeg } from '../../src/switch/recent-hangups.ts'
import { Switch, Switchboard } from '../../src/switch/switchboard.ts'
import type { ApiText } from '../../src/esl/api.ts'
import { EventLink } from '../../src/esl/events.ts'
import { SwitchEvent } from '../../src/esl/event.ts'
import { newUuid, type Uuid } from '../../src/esl/safe-text.ts'
import { connectionCommands } from '../../src/testing/commands.ts'
import { SimulatedSwitch, VirtualClock, type Person } from '../../src/testing/index.ts'

/** A FreeSWITCH that some people have called, with one node. Calls are parked. */
async function openLink(t: TestContext, { trackCalls = false } = {}) {
  const clock = new VirtualClock()
  const sim = new SimulatedSwitch({ clock, trackCalls })
  sim.dialplan.extension('parked', [
    { application: 'answer', data: '' },
    { application: 'park', data: '' },
  ])
  sim.dialplan.extension('rings', [
    { application: 'ring_ready', data: '' },
    { application: 'park', data: '' },
  ])
  const open = async () => {
    try {
      return sim.connect()
    } catch (error) {
      throw new SwitchError('LINK_DOWN', (error as Error).message)
    }
  }
  const events = new EventLink({ name: 'fs', open, password: sim.password, clock, log: silentLog })
  const facts = await events.start()
  const commands = await connectionCommands(await open(), { password: sim.password, clock })
  const home = new Switch({ name: 'fs', commands, events, facts, clock, log: silentLog })
  const ends = new Map<string, EndedLeg>()
  t.after(async () => {
    await events.close()
    await sim.close()
    await clock.advance(20_000)
    assert.deepEqual(clock.pending(), [])
    assert.deepEqual(sim.unknown, [])
  })
  return {
    clock,
    sim,
    home,
    ends,
    async call(to = 'parked'): Promise<Person> {
      const person = sim.world.call({ from: '+4930', to })
      await clock.advance(100)
      return person
    },
    watch: (uuid: string) =>
      home.watch(
        uuid as Uuid,
        () => {},
        end => ends.set(uuid, end),
      ),
    dropLinks: () => sim.dropConnections(({ outbound }) => !outbound),
  }
}

test('what ended while the link was down is told when it is back, and what lives is not', async t => {
  const { clock, home, ends, call, watch, dropLinks } = await openLink(t)
  const [stays, goes] = [await call(), await call()]
  using _a = watch(stays.uuid)
  using _b = watch(goes.uuid)
  let back = 0
  using _back = home.on('back', () => back++)
  dropLinks()
  goes.hangUp()
  await clock.advance(1_000)
  assert.deepEqual(
    [...ends].map(([uuid, { cause }]) => [uuid, cause]),
    [[goes.uuid, 'LOST']],
  )
  assert.equal(back, 1)
  assert.equal(home.waiting, false)
})

test('when a switch was started anew and brings nobody back, all its legs ended with it, at the moment in which it was heard last', async t => {
  const { clock, sim, home, ends, call, watch } = await openLink(t)
  const people = [await call(), await call('rings')]
  const watching = people.map(({ uuid }) => watch(uuid))
  const { core } = home.facts
  await clock.advance(10_000)
  sim.kill()
  const died = clock.now()
  await clock.advance(20_000)
  assert.equal(ends.size, 0, 'nobody is given up while it may live')
  sim.restart()
  const up = clock.now()
  await clock.runUntil(() => ends.size === 2, 5_000)
  assert.ok(clock.now() - up < 5_000, `${clock.now() - up} ms after it is there again`)
  for (const { uuid } of people) {
    assert.equal(ends.get(uuid)?.cause, 'SWITCH_CRASH')
    assert.ok(Math.abs(ends.get(uuid)!.at - died) < 50, `${ends.get(uuid)!.at - died} ms`)
    assert.equal(home.ended(uuid as Uuid)?.cause, 'SWITCH_CRASH')
  }
  assert.ok(Math.abs(home.endOf(core)! - died) < 50)
  assert.notEqual(home.facts.core, core)
  for (const one of watching) one[Symbol.dispose]()
})

test('who a switch does not know is not given up before its events are heard again: it was started anew, and may bring them back', async t => {
  const { clock, sim, home, ends, call, watch } = await openLink(t)
  const { uuid } = await call()
  using _ = watch(uuid)
  sim.kill()
  await clock.advance(10_000)
  sim.restart()
  // the command link happens to be back first
  Object.assign(home, { commands: await connectionCommands(sim.connect(), { password: sim.password, clock }) })
  assert.equal(home.up, false)
  assert.equal(await home.lives(uuid as Uuid), 'unknown')
  await clock.runUntil(() => ends.size === 1, 10_000)
  assert.equal(ends.get(uuid)?.cause, 'SWITCH_CRASH')
  assert.equal(await home.lives(uuid as Uuid), 'no')
})

test('when nobody was heard for a while before a switch began anew, its legs ended before the new run began', async t => {
  const { clock, sim, home, ends, call, watch, dropLinks } = await openLink(t)
  const { uuid } = await call()
  using _ = watch(uuid)
  dropLinks()
  sim.kill()
  sim.restart()
  const began = clock.now()
  await clock.runUntil(() => ends.size === 1, 5_000)
  assert.ok(ends.get(uuid)!.at <= began)
  assert.ok(Math.abs(home.facts.startedAt! - began) <= 2)
})

test('legs that come back with a new run of their switch are not ended; who has not come back after ten seconds is', async t => {
  const { clock, sim, home, ends, call, watch } = await openLink(t, { trackCalls: true })
  const [answered, ringing] = [await call(), await call('rings')]
  using _a = watch(answered.uuid)
  using _b = watch(ringing.uuid)
  let back = 0
  using _back = home.on('back', () => back++)
  sim.kill()
  await clock.advance(2_000)
  sim.restart()
  await clock.advance(3_000)
  assert.equal(ends.size, 0)
  assert.equal(back, 0)
  assert.equal(
    (await home.livesAll([ringing.uuid as Uuid])).get(ringing.uuid as Uuid),
    'unknown',
    'it may come back yet',
  )
  await clock.advance(12_000)
  assert.deepEqual([...ends.keys()], [ringing.uuid])
  assert.equal(back, 1)
  assert.equal((await home.livesAll([answered.uuid as Uuid])).get(answered.uuid as Uuid), 'yes')
  answered.hangUp()
})

test('a link that breaks while legs are waited for gives nobody up', async t => {
  const { clock, sim, home, ends, call, watch, dropLinks } = await openLink(t, { trackCalls: true })
  const [answered, ringing] = [await call(), await call('rings')]
  using _a = watch(answered.uuid)
  using _b = watch(ringing.uuid)
  sim.kill()
  sim.restart()
  await clock.advance(1_500)
  assert.ok(home.waiting)
  for (let flap = 0; flap < 5; flap++) {
    dropLinks()
    await clock.advance(1_500)
  }
  assert.equal(ends.size, 0)
  await clock.advance(12_000)
  assert.deepEqual([...ends.keys()], [ringing.uuid])
  answered.hangUp()
})

test('a switch that is there but not ready yet is asked for its calls when it is', async () => {
  const clock = new VirtualClock()
  const said: string[] = []
  let ready = false
  const link = {
    ask: async (text: string) => (
      said.push(text),
      text === 'status' ? `UP 0 years\nFreeSWITCH (Version 1) is ${ready ? 'ready' : 'not ready'}\n` : 'false'
    ),
    submit: async (text: string) => void said.push(text),
    on: () => ({ [Symbol.dispose]() {} }),
  }
  const { SwitchRestart } = await import('../../src/switch/switch-restart.ts')
  const { SwitchQueries } = await import('../../src/switch/queries.ts')
  const queries = new SwitchQueries({ link, name: 'fs', clock, log: silentLog })
  const restart = new SwitchRestart({ name: 'fs', clock, log: silentLog, queries, over() {} })
  restart.begin([], { at: 0, cause: 'SWITCH_CRASH' })
  await clock.advance(2_000)
  assert.ok(!said.includes('sofia recover'))
  ready = true
  await clock.advance(600)
  assert.equal(said.filter(text => text === 'sofia recover').length, 1)
  restart.pause()
})

test('a restarted FreeSWITCH that leaves a question unanswered is asked again, while its link stays up', async () => {
  const clock = new VirtualClock()
  const said: string[] = []
  const jobs: string[] = []
  const hearing = new Set<(event: SwitchEvent) => void>()
  let alive: 'no' | 'unknown' = 'unknown'
  const link = {
    ask: async (text: string) => {
      said.push(text)
      if (text === 'status') return 'FreeSWITCH (Version 1) is ready'
      if (alive === 'unknown') throw new SwitchError('SWITCH_REFUSED', 'too busy')
      return 'false'
    },
    submit: async (text: string, job: string) => void (said.push(text), jobs.push(job)),
    on(what: 'event' | 'down', hear: ((event: SwitchEvent) => void) | ((why: Error) => void)) {
      const heard = hear as (event: SwitchEvent) => void
      if (what === 'event') hearing.add(heard)
      return { [Symbol.dispose]: () => void hearing.delete(heard) }
    },
  }
  const { SwitchRestart } = await import('../../src/switch/switch-restart.ts')
  const { SwitchQueries } = await import('../../src/switch/queries.ts')
  const queries = new SwitchQueries({ link, name: 'fs', clock, log: silentLog })
  const over: (readonly string[])[] = []
  const restart = new SwitchRestart({
    name: 'fs',
    clock,
    log: silentLog,
    queries,
    over: gone => void over.push([...gone.keys()]),
  })
  const uuid = newUuid()
  restart.begin([uuid], { at: 0, cause: 'SWITCH_CRASH' })
  await clock.advance(61_000)
  assert.equal(said.filter(text => text === 'sofia recover').length, 2, 'the first job was never answered')
  const event = new SwitchEvent(`Event-Name: BACKGROUND_JOB\nJob-UUID: ${jobs.at(-1)}\n\nNo calls to recover.\n`)
  for (const hear of [...hearing]) hear(event)
  await clock.advance(30_000)
  assert.deepEqual(over, [], 'nobody knows yet whether the leg lives')
  assert.ok(restart.isUncertain(uuid))
  alive = 'no'
  await clock.advance(1_000)
  assert.deepEqual(over, [[uuid]])
  assert.ok(!restart.waiting)
  assert.deepEqual(clock.pending(), [])
})

test('when and why a leg ended is known for two minutes', async t => {
  const { clock, home, call } = await openLink(t)
  const person = await call()
  const uuid = person.uuid as Uuid
  assert.equal(home.ended(uuid), null)
  person.hangUp()
  const at = clock.now()
  await clock.advance(100)
  assert.equal(home.ended(uuid)?.cause, 'NORMAL_CLEARING')
  assert.ok(home.ended(uuid)!.at - at <= 20, 'a BYE is on its way for 20 ms')
  await clock.advance(121_000)
  const next = await call()
  next.hangUp()
  await clock.advance(100)
  assert.equal(home.ended(uuid), null)
})

test('however many legs end, no more than 20 000 ends are remembered', async () => {
  const { RecentHangups } = await import('../../src/switch/recent-hangups.ts')
  const recentHangups = new RecentHangups(new VirtualClock())
  for (let n = 0; n < 25_000; n++)
    recentHangups.add(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}` as Uuid, {
      at: 1_800_000_000_000,
      cause: 'NORMAL_CLEARING',
    })
  assert.equal(recentHangups.size, 20_000)
})

test('the switch’s own list says what its channels do', async t => {
  const { home, call } = await openLink(t)
  const person = await call()
  const listing = await home.list()
  const channel = listing?.get(person.uuid as Uuid)
  assert.equal(channel?.application, 'park')
  assert.equal(channel.extension, 'parked')
  assert.equal(channel.context, 'switchhook')
  assert.equal(channel.state, 'CS_EXECUTE')
  assert.equal(channel.direction, 'inbound')
})

test('a list that cannot be had is none, and a leg that cannot be asked for may live', async t => {
  const { sim, clock, home, call } = await openLink(t)
  const { uuid } = await call()
  sim.kill()
  await clock.settle()
  assert.equal(await home.list(), null)
  assert.equal((await home.livesAll([uuid as Uuid])).get(uuid as Uuid), 'unknown')
  await assert.rejects(home.ask('status' as ApiText), { code: 'LINK_DOWN' })
})

test('a call that comes from a switch which was just started anew is that switch’s', async t => {
  const { clock, sim, home } = await openLink(t)
  const board = new Switchboard()
  board.add(home)
  const unknown = '00000000-0000-4000-8000-00000000abcd'
  assert.equal(board.of(unknown), null, 'whoever can be heard is in the run that it tells')
  sim.kill()
  sim.restart()
  await clock.settle()
  assert.equal(board.of(unknown), home)
  await clock.advance(1_000)
  assert.equal(board.of(sim.coreUuid), home)
  assert.equal(board.of(unknown), null)
})
