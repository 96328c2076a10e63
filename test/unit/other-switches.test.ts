/**
 * Nodes that share their stores and command different FreeSWITCHes: no node decides anything about legs that only the
 * other one can ask for.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { lineOf } from '../../src/journal/entries.ts'
import { memorySwitchRuns } from '../../src/cluster/memory-switch-runs.ts'
import { SwitchRuns } from '../../src/cluster/switch-runs.ts'
import { Switchboard } from '../../src/switch/switchboard.ts'
import { silentLog } from '../../src/base/log.ts'
import { arrivalOf } from '../arrival.ts'
import { rig as openNailedRig } from './nailed-rig.ts'
import { openRig } from './reconcile-rig.ts'

const THEIRS = 'aaaaaaaa-0000-4000-8000-000000000001'

/** Node b commands its FreeSWITCH; node c, on another machine, commands another one and has published its run. */
async function sites(t: TestContext) {
  const rig = await openRig(t)
  const table = memorySwitchRuns()
  const runs = new SwitchRuns({ switchboard: rig.switchboard, table, clock: rig.clock, log: rig.log, machine: 'here' })
  await table.note([{ core: THEIRS, at: 'there/127.0.0.1:8021', heard: rig.clock.now() }])
  /** A call on the other FreeSWITCH, driven by node c. */
  const theirs = async () => {
    const arrival = arrivalOf({ answered: true, core: THEIRS })
    const { uuid } = arrival
    await rig.calls.take(uuid, 'c', lineOf({ k: 'begin', at: rig.clock.now(), arrival }))
    return uuid
  }
  return { rig, runs, table, theirs }
}

test('calls and agents of another node’s switch stay as they are, also when that node is gone, and the log says why', async t => {
  const { rig, runs, theirs } = await sites(t)
  const uuid = await theirs()
  const leg = randomUUID()
  await rig.talking('alice', uuid)
  await rig.talking('adam', randomUUID())
  await rig.roster.nail('adam', { leg, node: 'c', core: THEIRS }, rig.clock.now())
  rig.open.add(uuid)
  await rig.reconciler({ runs }).start() // c is no longer alive
  await rig.clock.advance(120_000)
  assert.deepEqual([rig.records, rig.lost, rig.presumed], [[], [], []])
  assert.equal(await rig.owner(uuid), 'c')
  assert.equal(await rig.state('alice'), 'talking')
  assert.equal((await rig.roster.get('adam', rig.clock.now()))?.nailed?.leg, leg)
  const told = rig.warnings.filter(({ text }) => text.includes('FREESWITCH must name every switch'))
  assert.deepEqual(
    told.map(({ fields }) => fields),
    [{ switch: 'there/127.0.0.1:8021', core: THEIRS }],
    'once',
  )
})

test('what is of the own switch is put away as ever, though there are other switches', async t => {
  const { rig, runs } = await sites(t)
  const caller = await rig.caller()
  rig.switch.listeners.clear()
  caller.hangUp()
  await rig.clock.advance(3_000)
  await rig.reconciler({ runs }).start()
  rig.lapses('a')
  await rig.clock.advance(10_000)
  assert.equal(await rig.owner(caller.uuid), undefined)
  assert.equal(rig.records.length, 1)
})

test('a call of an earlier run of the own switch is over, though this process has never seen that run', async t => {
  const { rig, runs, table } = await sites(t)
  const before = 'aaaaaaaa-0000-4000-8000-000000000002'
  // another node reported it then
  await table.note([{ core: before, at: 'fs', heard: rig.home.facts.startedAt! - 10_000 }])
  assert.equal(await runs.isElsewhere(before), false)
  assert.equal(await runs.isElsewhere(THEIRS), true)
  assert.equal(await runs.isElsewhere(rig.home.facts.core), false)
  assert.equal(await runs.isElsewhere(undefined), true, 'who knows of which run it is?')
  await rig.clock.advance(25 * 3_600_000)
  await runs.refresh()
  assert.equal(await runs.isElsewhere(undefined), false, 'nobody has heard that switch for a day')
})

test('a second switch that somebody else reaches under the same name is told by its being heard after ours began', async t => {
  const { rig, runs, table } = await sites(t)
  const other = 'aaaaaaaa-0000-4000-8000-000000000003'
  await rig.clock.advance(120_000)
  await table.note([{ core: other, at: 'fs', heard: rig.clock.now() }])
  assert.equal(await runs.isElsewhere(other), true)
})

test('an agent on the line at another node’s switch is neither called nor written off by a node that cannot ask there', async () => {
  const { clock, carrier, roster, nailed, switchboard, ready, look } = await openNailedRig()
  const table = memorySwitchRuns()
  const runs = new SwitchRuns({ switchboard, table, clock, log: silentLog, machine: 'here' })
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
  const { clock } = await openNailedRig()
  const runs = new SwitchRuns({ switchboard: new Switchboard(), table: memorySwitchRuns(), clock, log: silentLog })
  await runs.refresh()
  assert.equal(await runs.isElsewhere(undefined), false)
  assert.equal(await runs.isElsewhere(THEIRS), false)
})
