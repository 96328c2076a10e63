/** Nodes that share their stores and command different switches: neither decides anything about legs that only the other can ask for. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { lineOf } from '../../src/call/entries.ts'
import { memoryRuns } from '../../src/call/memory-runs.ts'
import { Runs } from '../../src/call/runs.ts'
import { Switchboard } from '../../src/call/switchboard.ts'
import { silentLog } from '../../src/base/log.ts'
import { house as nailedHouse } from './nailed-house.ts'
import { openHouse } from './reconcile-house.ts'

const THEIRS = 'aaaaaaaa-0000-4000-8000-000000000001'

/** Node b commands its switch; node c, on another machine, commands another one of which it has told. */
async function sites(t: TestContext) {
  const house = await openHouse(t)
  const table = memoryRuns()
  const runs = new Runs({ switchboard: house.switchboard, table, clock: house.clock, log: house.log, machine: 'here' })
  await table.note([{ core: THEIRS, at: 'there/127.0.0.1:8021', heard: house.clock.now() }])
  /** A call on the other switch, driven by node c. */
  const theirs = async () => {
    const uuid = randomUUID()
    const arrival = { uuid, path: 'welcome', from: '+49', fromName: '', to: '', direction: 'in', answered: true, core: THEIRS, socketResume: true, key: '' } as never
    await house.calls.take(uuid, 'c', lineOf({ k: 'begin', at: house.clock.now(), arrival }))
    return uuid
  }
  return { house, runs, table, theirs }
}

test('calls and agents of another node’s switch stay as they are, also when that node is gone, and the log says why', async t => {
  const { house, runs, theirs } = await sites(t)
  const uuid = await theirs()
  const leg = randomUUID()
  await house.talking('alice', uuid)
  await house.talking('adam', randomUUID())
  await house.roster.nail('adam', { leg, node: 'c', core: THEIRS }, house.clock.now())
  house.open.add(uuid)
  await house.reconciler({ runs }).start() // c is no longer among the living
  await house.clock.advance(120_000)
  assert.deepEqual([house.records, house.lost, house.presumed], [[], [], []])
  assert.equal(await house.owner(uuid), 'c')
  assert.equal(await house.state('alice'), 'talking')
  assert.equal((await house.roster.get('adam', house.clock.now()))?.nailed?.leg, leg)
  const told = house.warnings.filter(({ text }) => text.includes('FREESWITCH must name every switch'))
  assert.deepEqual(told.map(({ fields }) => fields), [{ switch: 'there/127.0.0.1:8021', core: THEIRS }], 'once')
})

test('what is of the own switch is put away as ever, though there are other switches', async t => {
  const { house, runs } = await sites(t)
  const caller = await house.caller()
  house.switch.listeners.clear()
  caller.hangUp()
  await house.clock.advance(3_000)
  await house.reconciler({ runs }).start()
  house.lapses('a')
  await house.clock.advance(10_000)
  assert.equal(await house.owner(caller.uuid), undefined)
  assert.equal(house.records.length, 1)
})

test('a call of an earlier run of the own switch is over, though this process has never seen that run', async t => {
  const { house, runs, table } = await sites(t)
  const before = 'aaaaaaaa-0000-4000-8000-000000000002'
  await table.note([{ core: before, at: 'fs', heard: house.home.facts.startedAt! - 10_000 }]) // another node heard it then
  assert.equal(await runs.isElsewhere(before), false)
  assert.equal(await runs.isElsewhere(THEIRS), true)
  assert.equal(await runs.isElsewhere(house.home.facts.core), false)
  assert.equal(await runs.isElsewhere(undefined), true, 'who knows of which run it is?')
  await house.clock.advance(25 * 3_600_000)
  await runs.refresh()
  assert.equal(await runs.isElsewhere(undefined), false, 'nobody has heard that switch for a day')
})

test('a second switch that somebody else reaches under the same name is told by its being heard after ours began', async t => {
  const { house, runs, table } = await sites(t)
  const other = 'aaaaaaaa-0000-4000-8000-000000000003'
  await house.clock.advance(120_000)
  await table.note([{ core: other, at: 'fs', heard: house.clock.now() }])
  assert.equal(await runs.isElsewhere(other), true)
})

test('an agent on the line at another node’s switch is neither called nor written off by a node that cannot ask there', async () => {
  const { clock, carrier, roster, nailed, switchboard, ready, look } = await nailedHouse()
  const table = memoryRuns()
  const runs = new Runs({ switchboard, table, clock, log: silentLog, machine: 'here' })
  await table.note([{ core: THEIRS, at: 'there/127.0.0.1:8021', heard: clock.now() }])
  assert.equal(await runs.isElsewhere(undefined), false, 'nothing was read yet')
  const leg = randomUUID()
  await roster.nail('alice', { leg, node: 'c', core: THEIRS }, clock.now())
  using _ = nailed.need('sales')
  await ready()
  nailed.lookAfterTheirs()
  await clock.advance(60_000)
  assert.deepEqual([nailed.count, carrier.dialled.length, (await look())?.nailed?.leg], [0, 0, leg])
  await roster.nail('alice', { leg, node: '' }, clock.now())
  assert.equal((await look())?.nailed?.core, THEIRS, 'who cares for them next does not know the run, and need not')
})

test('an installation of one switch is not split', async () => {
  const { clock } = await nailedHouse()
  const runs = new Runs({ switchboard: new Switchboard(), table: memoryRuns(), clock, log: silentLog })
  await runs.refresh()
  assert.equal(await runs.isElsewhere(undefined), false)
  assert.equal(await runs.isElsewhere(THEIRS), false)
})
