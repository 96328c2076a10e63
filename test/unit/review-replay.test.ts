import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { CallEnded, SwitchhookError } from '../../src/base/errors.ts'
import { memoryCalls } from '../../src/call/memory-calls.ts'
import { Simulation } from '../../src/testing/simulation.ts'

test('R1 a caller who hangs up while their place is opened again leaves a record', async () => {
  const sim = new Simulation({})
  await sim.ready
  const caller = sim.call(flow(async call => {
    await call.answer()
    await using place = await call.enqueue('support')
    await using _m = await call.music('moh/calm')
    await place.agent({ within: '60s' })
    return 'none'
  }), {})
  await caller.hears('moh/calm')
  const b = await sim.open('b')
  // the queue store of b answers after 100 ms: meanwhile the caller leaves
  const enter = sim.queueStore.enter.bind(sim.queueStore)
  sim.queueStore.enter = async (...args) => { await new Promise<void>(r => sim.clock.after(100, r)); return enter(...args) }
  sim.kill('a')
  await sim.advance('50ms')
  await caller.hangsUp()
  await sim.advance('60s')
  console.log('R1 records', sim.records.map(r => r.outcome), 'running', b.flows.running, [...(await sim.callStore.all())])
  assert.equal(b.flows.running, 0)
})

test('R2c parallel dials keep their own legs', async () => {
  const sim = new Simulation({})
  await sim.ready
  await sim.agent('alice').ready(); await sim.agent('bob').ready()
  const t = (ms: number) => new Promise<void>(r => sim.clock.after(ms, r))
  let out: unknown = null
  const caller = sim.call(flow(async call => {
    await call.answer()
    const deep = async (p: Promise<unknown>) => { await p; await null; await null; await null }
    const ring = async (who: string) => { const p = await call.dial(`user/${who}`, { ringFor: '15s' }); return [who, p.outcome, p.leg?.uuid] }
    out = await Promise.all([
      (async () => { await deep(call.once('a', async () => { await t(1000); return 1 })); return ring('alice') })(),
      (async () => { await call.once('b', async () => { await t(2000); return 1 }); return ring('bob') })(),
    ])
    await t(3000)
    return 'through'
  }), {})
  void caller
  await sim.advance('2500ms')
  const uuid = [...(await sim.callStore.all()).keys()][0]!
  const b = await sim.open('b')
  sim.kill('a')
  await sim.advance('200ms')
  const uuids = (await sim.callStore.read(uuid)).map(e => JSON.parse(e)).filter(e => e.k === 'intent' && e.v.startsWith('dial')).map(e => [e.v.slice(10), e.d.uuid])
  await sim.advance('60s')
  assert.deepEqual((out as string[][]).map(([who, , leg]) => [who, leg]), uuids)
  console.log('R2c', JSON.stringify(out), 'restarts', b.flows.restarts, '\n' + sim.transcript())
})

test('R3 a changed script while the store is away', async () => {
  const calls = memoryCalls()
  const sim = new Simulation({}, calls)
  await sim.ready
  let version = 1
  const caller = sim.call(flow(async call => {
    await call.answer()
    await call.play(version === 1 ? 'a' : 'b')
    await call.play('c')
    await call.play('d')
    return 'through'
  }), {})
  await caller.hears('c')
  const b = await sim.open('b')
  version = 2
  calls.restart = async () => { throw new SwitchhookError('SERVICE', 'Redis is silent') }
  let un: unknown = null
  const on = (e: unknown) => { un = e }
  process.on('unhandledRejection', on)
  sim.kill('a')
  await sim.advance('60s')
  process.off('unhandledRejection', on)
  console.log('R3 records', sim.records.map(r => r.outcome), 'running', b.flows.running, 'legs', [...b.door.legs.values()].map(l => l.phase), 'unhandled', String(un))
  console.log(sim.transcript())
  assert.equal(un, null)
})

test('R4 the memory of all nodes is lost: the caller goes on', async () => {
  const calls = memoryCalls()
  const sim = new Simulation({}, calls)
  await sim.ready
  const caller = sim.call(flow(async call => {
    await call.answer()
    await call.play('a'); await call.play('b'); await call.play('c')
    return 'through'
  }), {})
  await caller.hears('a')
  for (const [uuid, owner] of await calls.all()) await calls.end(uuid, owner) // FLUSHALL
  await sim.advance('60s')
  console.log('R4 records', sim.records.map(r => r.outcome), '\n', sim.transcript())
  assert.equal(sim.records.length, 1)
})

test('R5 a script that changed while its caller waited with music', async () => {
  const sim = new Simulation({ sounds: { 'moh/calm': '300s' } })
  await sim.ready
  let version = 1
  const caller = sim.call(flow(async call => {
    await call.answer()
    await using place = await call.enqueue('support')
    await using _m = await call.music('moh/calm')
    if (version === 2) await call.play('new')
    await place.agent({ within: '20s' })
    await call.play('sorry')
    return 'none'
  }), {})
  await caller.hears('moh/calm')
  await sim.advance('3s')
  const b = await sim.open('b')
  version = 2
  sim.kill('a')
  await sim.advance('60s')
  console.log('R5 restarts', b.flows.restarts, sim.records.map(r => r.outcome), '\n' + sim.transcript())
  assert.equal(sim.records.length, 1)
})

test('R6 another verb at the place of an open intent is a changed script', async () => {
  const sim = new Simulation({})
  await sim.ready
  let version = 1
  let failed: unknown = null
  const caller = sim.call(flow(async call => {
    await call.answer()
    if (version === 1) await call.once('x', async () => { await new Promise<void>(r => sim.clock.after(20000, r)); return 1 })
    try { await using p = await call.dial('user/1001', { ringFor: '5s' }); void p } catch (e) { failed = e; throw e }
    await call.play('end')
    return 'through'
  }), {})
  void caller
  await sim.advance('3s')
  const b = await sim.open('b')
  version = 2
  sim.kill('a')
  await sim.advance('60s')
  console.log('R6 restarts', b.flows.restarts, String(failed), sim.records.map(r => r.outcome))
  assert.equal(b.flows.restarts, 1)
})

test('R7 a telephone that rings for a caller who leaves in the takeover stops ringing', async () => {
  const sim = new Simulation({})
  await sim.ready
  const agent = sim.agent('alice')
  await agent.ready()
  const caller = sim.call(flow(async call => {
    await call.answer()
    await using place = await call.enqueue('support')
    await using a = await place.agent({ within: '60s' })
    await using p = await call.dial(a!.endpoint)
    if (p.leg) await call.join(p.leg)
    return 'done'
  }), {})
  await sim.advance('1s')
  console.log(sim.transcript())
  const b = await sim.open('b')
  sim.kill('a')
  await caller.hangsUp()
  await sim.advance('3s')
  console.log('R7', (await sim.roster.list(sim.clock.now())).map(a => [a.name, a.state, a.reservation]), sim.records.map(r => r.outcome), 'running', b.flows.running, '\n' + sim.transcript())
  console.log('R7 channels', sim.switch.leftovers())
  await sim.advance('30s')
  console.log('R7 later', (await sim.roster.list(sim.clock.now())).map(a => [a.name, a.state]), '\n' + sim.transcript())
  assert.ok(!sim.transcript().includes('alice answers'), 'her telephone rang on for nobody')
})

test('R10 a verb on the other leg that ended is the same in the replay', async () => {
  const sim = new Simulation({})
  await sim.ready
  await sim.agent('alice').ready()
  let runs = 0
  const caller = sim.call(flow(async call => {
    runs++
    await call.answer()
    await call.play('hello')
    {
      await using party = await call.dial('user/alice', { ringFor: '15s' })
      if (party.leg) {
        try { await party.leg.play('x'); await party.leg.play('y'); await party.leg.play('z') } catch (error) { if (!(error instanceof CallEnded) || call.signal.aborted) throw error }
      }
    }
    await call.play('one'); await call.play('two'); await call.play('three')
    return 'through'
  }), {})
  await caller.hears('hello')
  await sim.agents[0]!.hears('y')
  await sim.agents[0]!.hangsUp()
  await caller.hears('two')
  const b = await sim.open('b')
  sim.kill('a')
  await sim.advance('60s')
  console.log('R10 restarts', b.flows.restarts, 'runs', runs, '\n' + sim.transcript())
  assert.equal(b.flows.restarts, 0)
})

test('R11 a store that fails once while a place is opened again', async () => {
  const sim = new Simulation({})
  await sim.ready
  const caller = sim.call(flow(async call => {
    await call.answer()
    await call.play('hello')
    await using place = await call.enqueue('support')
    await using _m = await call.music('moh/calm')
    await place.agent({ within: '20s' })
    await call.play('sorry')
    return 'none'
  }), {})
  await caller.hears('moh/calm')
  await sim.advance('3s')
  const b = await sim.open('b')
  const enter = sim.queueStore.enter.bind(sim.queueStore)
  let fails = 1
  sim.queueStore.enter = async (...args) => { if (fails-- > 0) throw new Error('Redis: gone'); return enter(...args) }
  sim.kill('a')
  await sim.advance('60s')
  console.log('R11 restarts', b.flows.restarts, sim.records.map(r => r.outcome), '\n' + sim.transcript())
  assert.equal(b.flows.restarts, 0)
})
