/**
 * A FreeSWITCH whose list of channels is larger than the limit: the link stays up, and the list is not requested again
 * and again.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { silentLog, type Log } from '../../src/base/log.ts'
import { Switch } from '../../src/switch/switchboard.ts'
import { EventLink } from '../../src/esl/events.ts'
import type { Uuid } from '../../src/esl/safe-text.ts'
import { connectionCommands } from '../../src/testing/commands.ts'
import { SimulatedSwitch, VirtualClock, type Person } from '../../src/testing/index.ts'
import { openRig } from './reconcile-rig.ts'

/** FreeSWITCH keeps 4 096 characters of an argument; so longer arguments stand for more channels. */
const LONG = 'x'.repeat(100_000)

async function busy(t: TestContext, callers: number) {
  const clock = new VirtualClock()
  const sim = new SimulatedSwitch({ clock })
  sim.dialplan.extension('long', [
    { application: 'answer', data: '' },
    { application: 'park', data: LONG },
  ])
  const warned: { fields: Record<string, unknown>; text: string }[] = []
  const log: Log = {
    ...silentLog,
    warn: ((fields: Record<string, unknown>, text: string) => void warned.push({ fields, text })) as Log['warn'],
  }
  const events = new EventLink({ name: 'fs', open: async () => sim.connect(), password: sim.password, clock, log })
  const facts = await events.start()
  const asked: string[] = []
  const ask = events.ask.bind(events)
  events.ask = text => (asked.push(text), ask(text))
  const commands = await connectionCommands(sim.connect(), { password: sim.password, clock })
  const home = new Switch({ name: 'fs', commands, events, facts, clock, log })
  const people: Person[] = []
  for (let caller = 0; caller < callers; caller++) people.push(sim.world.call({ from: '+4930', to: 'long' }))
  await clock.advance(200)
  t.after(async () => {
    await events.close()
    await sim.close()
    await clock.advance(20_000)
    assert.deepEqual(clock.pending(), [])
    assert.deepEqual(sim.unknown, [])
  })
  return {
    clock,
    home,
    events,
    people,
    warned,
    lists: () => asked.filter(text => text === 'show channels as json').length,
  }
}

test('a list that is too large fails for who asked, with the switch, the channels and the size; the link stays, and other questions are answered', async t => {
  const { home, events, people, warned } = await busy(t, 45)
  let lost = 0
  using _down = events.on('down', () => lost++)
  const [list, lives] = await Promise.all([home.list(), home.livesAll([people[0]!.uuid as Uuid])])
  assert.equal(list, null)
  assert.equal(lives.get(people[0]!.uuid as Uuid), 'yes')
  assert.deepEqual([lost, home.up], [0, true])
  const [told, ...more] = warned
  assert.equal(more.length, 0)
  assert.match(told!.text, /larger/)
  assert.deepEqual([told!.fields['switch'], told!.fields['channels']], ['fs', 45])
  assert.ok(Number(told!.fields['octets']) > 4_500_000, JSON.stringify(told!.fields))
})

test('a list that was too large is not asked for at every look, but at once when there are fewer channels', async t => {
  const { clock, home, people, lists } = await busy(t, 45)
  for (let look = 0; look < 20; look++) {
    assert.equal(await home.list(), null)
    await clock.advance(30_000)
  }
  assert.ok(lists() >= 3 && lists() <= 5, `${lists()} lists in ten minutes`)
  for (const person of people.slice(0, 10)) person.hangUp()
  await clock.advance(1_000)
  assert.equal((await home.list())?.size, 35)
  assert.equal((await home.list())?.size, 35)
})

test('a link that breaks at every look is looked over again after a pause that grows, not as soon as it is back', async t => {
  const rig = await openRig(t)
  let lists = 0
  Object.assign(rig.home, {
    async list() {
      lists++
      rig.switch.dropConnections(({ outbound }) => !outbound)
      await rig.home.livesAll(['00000000-0000-4000-8000-000000000000' as Uuid])
      return null
    },
  })
  const looks = rig.reconciler()
  await looks.start()
  await rig.clock.advance(4_000)
  assert.ok(rig.home.up)
  assert.equal(lists, 1, 'the link was back, and nobody began again')
  await rig.clock.advance(116_000)
  assert.ok(lists >= 5 && lists <= 7, `${lists} looks in two minutes`)
})

test('a link that is back after a look that went well is looked over at once', async t => {
  const rig = await openRig(t)
  let lists = 0
  const list = rig.home.list.bind(rig.home)
  Object.assign(rig.home, { list: () => (lists++, list()) })
  await rig.reconciler().start()
  rig.switch.dropConnections(({ outbound }) => !outbound)
  await rig.clock.advance(1_000)
  assert.equal(lists, 2)
})
