/** Faults during a takeover: the caller leaves, the store is slow, the script has changed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { CallEnded, SwitchhookError } from '../../src/base/errors.ts'
import { memoryCallStore } from '../../src/journal/memory-call-store.ts'
import { Simulation } from '../../src/testing/simulation.ts'

test('a caller who hangs up while their place is opened again leaves a record', async () => {
  const sim = new Simulation({})
  await sim.ready
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await using place = await call.enqueue('support')
      await using _m = await call.music('moh/calm')
      await place.agent({ within: '60s' })
      return 'none'
    }),
    {},
  )
  await caller.hears('moh/calm')
  await sim.open('b')
  // the queue store of b answers after 100 ms: meanwhile the caller leaves
  const enter = sim.queueStore.enter.bind(sim.queueStore)
  sim.queueStore.enter = async (...args) => {
    await new Promise<void>(r => sim.clock.after(100, r))
    return enter(...args)
  }
  sim.kill('a')
  await sim.advance('50ms')
  await caller.hangsUp()
  await sim.advance('60s')
  assert.equal(sim.nodes.get('b')!.flows.running, 0)
})

test('two people who are called side by side keep their own legs when the node dies', async () => {
  const sim = new Simulation({})
  await sim.ready
  await sim.agent('alice').ready()
  await sim.agent('bob').ready()
  const t = (ms: number) => new Promise<void>(r => sim.clock.after(ms, r))
  let out: unknown = null
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      const deep = async (p: Promise<unknown>) => {
        await p
        await Promise.resolve()
          .then(() => {})
          .then(() => {})
      }
      const ring = async (who: string) => {
        const p = await call.dial(`user/${who}`, { ringFor: '15s' })
        return [who, p.outcome, p.leg?.uuid]
      }
      out = await Promise.all([
        (async () => {
          await deep(
            call.once('a', async () => {
              await t(1000)
              return 1
            }),
          )
          return ring('alice')
        })(),
        (async () => {
          await call.once('b', async () => {
            await t(2000)
            return 1
          })
          return ring('bob')
        })(),
      ])
      await t(3000)
      return 'through'
    }),
    {},
  )
  void caller
  await sim.advance('2500ms')
  const uuid = [...(await sim.callStore.all()).keys()][0]!
  await sim.open('b')
  sim.kill('a')
  await sim.advance('200ms')
  const uuids = (await sim.callStore.read(uuid))
    .map(e => JSON.parse(e))
    .filter(e => e.k === 'intent' && e.verb === 'dial')
    .map(e => [e.args[0].slice(5), e.d.uuid])
  await sim.advance('60s')
  assert.deepEqual(
    (out as string[][]).map(([who, , leg]) => [who, leg]),
    uuids,
  )
})

test('a script that changed begins again also when the store is away', async () => {
  const calls = memoryCallStore()
  const sim = new Simulation({}, calls)
  await sim.ready
  let version = 1
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play(version === 1 ? 'a' : 'b')
      await call.play('c')
      await call.play('d')
      return 'through'
    }),
    {},
  )
  await caller.hears('c')
  await sim.open('b')
  version = 2
  calls.restart = async () => {
    throw new SwitchhookError('SERVICE', 'Redis is silent')
  }
  let un: unknown = null
  const on = (e: unknown) => {
    un = e
  }
  process.on('unhandledRejection', on)
  sim.kill('a')
  await sim.advance('60s')
  process.off('unhandledRejection', on)
  assert.equal(un, null)
})

test('a caller goes on when the memory of all nodes is lost', async () => {
  const calls = memoryCallStore()
  const sim = new Simulation({}, calls)
  await sim.ready
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play('a')
      await call.play('b')
      await call.play('c')
      return 'through'
    }),
    {},
  )
  await caller.hears('a')
  for (const [uuid, owner] of await calls.all()) await calls.end(uuid, owner) // FLUSHALL
  await sim.advance('60s')
  assert.equal(sim.records.length, 1)
})

test('a script that changed while its caller heard music is heard, and the old music is not', async () => {
  const sim = new Simulation({ sounds: { 'moh/calm': '300s' } })
  await sim.ready
  let version = 1
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await using place = await call.enqueue('support')
      await using _m = await call.music('moh/calm')
      if (version === 2) await call.play('new')
      await place.agent({ within: '20s' })
      await call.play('sorry')
      return 'none'
    }),
    {},
  )
  await caller.hears('moh/calm')
  await sim.advance('3s')
  await sim.open('b')
  version = 2
  sim.kill('a')
  await sim.advance('60s')
  assert.equal(sim.records.length, 1)
})

test('another verb in the place of one that was under way is a changed script', async () => {
  const sim = new Simulation({})
  await sim.ready
  let version = 1
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      if (version === 1)
        await call.once('x', async () => {
          await new Promise<void>(r => sim.clock.after(20000, r))
          return 1
        })
      await using p = await call.dial('user/1001', { ringFor: '5s' })
      void p
      await call.play('end')
      return 'through'
    }),
    {},
  )
  void caller
  await sim.advance('3s')
  await sim.open('b')
  version = 2
  sim.kill('a')
  await sim.advance('60s')
  assert.equal(sim.nodes.get('b')!.flows.restarts, 1)
})

test('what was said to a leg that has ended comes out the same on the next node', async () => {
  const sim = new Simulation({})
  await sim.ready
  await sim.agent('alice').ready()
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play('hello')
      {
        await using party = await call.dial('user/alice', { ringFor: '15s' })
        if (party.leg) {
          try {
            await party.leg.play('x')
            await party.leg.play('y')
            await party.leg.play('z')
          } catch (error) {
            if (!(error instanceof CallEnded) || call.signal.aborted) throw error
          }
        }
      }
      await call.play('one')
      await call.play('two')
      await call.play('three')
      return 'through'
    }),
    {},
  )
  await caller.hears('hello')
  await sim.agents[0]!.hears('y')
  await sim.agents[0]!.hangsUp()
  await caller.hears('two')
  await sim.open('b')
  sim.kill('a')
  await sim.advance('60s')
  assert.equal(sim.nodes.get('b')!.flows.restarts, 0)
})

test('a store that fails once while a place is opened again costs the caller nothing', async () => {
  const sim = new Simulation({})
  await sim.ready
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play('hello')
      await using place = await call.enqueue('support')
      await using _m = await call.music('moh/calm')
      await place.agent({ within: '20s' })
      await call.play('sorry')
      return 'none'
    }),
    {},
  )
  await caller.hears('moh/calm')
  await sim.advance('3s')
  await sim.open('b')
  const enter = sim.queueStore.enter.bind(sim.queueStore)
  let fails = 1
  sim.queueStore.enter = async (...args) => {
    if (fails-- > 0) throw new Error('Redis: gone')
    return enter(...args)
  }
  sim.kill('a')
  await sim.advance('60s')
  assert.equal(sim.nodes.get('b')!.flows.restarts, 0)
})
