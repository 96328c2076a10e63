/** The node dies at every write of the journal while a caller is transferred: nobody is lost, nobody stays reserved. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { z } from 'zod'
import { flow } from '#flow'
import { Simulation, type SimulateOptions } from '#testing'
import callTransfer from '../../src/operations/call/transfer.ts'
import { talkInvite } from '../../src/operations/talk/conference.ts'
import type { Operation } from '../../src/operations/operation.ts'
import { talkComplete, talkConsult } from '../../src/operations/talk/consult.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import transfer from '../../scripts/transfer.ts'
import { asks } from './desk.ts'

const toAlice = flow(async call => {
  await call.answer()
  await using agent = await call.agent('alice')
  if (!agent) return 'nobody'
  await using party = await call.dial(agent)
  if (party.leg) await call.join(party.leg)
  await call.play('ivr/second')
  return 'over'
})

type Death = { readonly write: number; readonly moment: 'before' | 'after' }

/** Kills the node that makes this write of a journal. Returns the number of writes so far. */
function dies(sim: Simulation, death: Death | null): () => number {
  const { callStore } = sim
  const append = callStore.append.bind(callStore)
  let writes = 0
  callStore.append = async (uuid, owner, entries) => {
    const now = ++writes === death?.write && sim.nodes.size === 2
    if (now && death?.moment === 'before') {
      sim.kill(owner.node as 'a' | 'b')
      return new Promise(() => {})
    }
    const ours = await append(uuid, owner, entries)
    if (now) sim.kill(owner.node as 'a' | 'b')
    return ours
  }
  return () => writes
}

/** Asks a node that lives; when it dies meanwhile, or another had died, asks again until `done` is true. */
async function insists<Input extends z.ZodObject, Output extends z.ZodType>(
  sim: Simulation,
  operation: Operation<Input, Output, 'node'>,
  input: z.input<Input>,
  done: () => boolean,
): Promise<void> {
  for (let tries = 0; tries < 4; tries++) {
    const [node] = sim.nodes.keys() as IterableIterator<'a' | 'b'>
    const fault = await asks(sim, operation, input, node).then(
      () => null,
      (error: Error) => error,
    )
    try {
      return await sim.until(`${operation.name} is done`, done, '15s').then(() => {})
    } catch (error) {
      if (sim.deaths === 0) throw fault ?? error
    }
  }
  throw sim.failure(`${operation.name} was never done`)
}

type Play = (sim: Simulation) => Promise<void>

/** Runs the script undisturbed, then with a death at each write, before and after it. Returns the number of deaths. */
async function everywhere(play: Play, options: SimulateOptions = {}): Promise<number> {
  const run = async (death: Death | null) => {
    const sim = new Simulation({ ...options, reconciles: true })
    const writes = dies(sim, death)
    try {
      await sim.until('node a opens', sim.ready)
      await sim.until('node b opens', sim.open('b'))
      await play(sim)
    } catch (error) {
      await sim.close().catch(() => {})
      throw new assert.AssertionError({
        message: `${death?.moment} write ${death?.write}: ${(error as Error).message}`,
      })
    }
    const all = writes()
    await sim.close()
    return all
  }
  const all = await run(null)
  for (let write = 1; write <= all; write++)
    for (const moment of ['before', 'after'] as const) await run({ write, moment })
  return 2 * all
}

test('an attended transfer survives the death of its node at every step', async () => {
  const deaths = await everywhere(async sim => {
    const [alice, bob] = [sim.agent('alice'), sim.agent('bob')]
    await alice.ready()
    await bob.ready()
    const caller = sim.call(toAlice)
    await caller.talksWith('alice')
    await sim.advance('5s')
    const isWith = (name: string, other: string) =>
      [...sim.switch.world.people].some(one => one.name === name && one.talksWith?.name === other)
    await insists(sim, talkConsult, { talk: 'alice', agent: 'bob' }, () => isWith('alice', 'bob'))
    await insists(sim, talkComplete, { talk: 'bob' }, () => isWith('caller', 'bob'))
    await sim.advance('5s')
    await bob.hangsUp()
    await caller.hears('ivr/second')
    assert.equal(await caller.outcome(), 'over')
    await alice.becomes('idle', '1m')
    await bob.becomes('idle', '1m')
    assert.equal(sim.records.length, 1)
  })
  assert.ok(deaths > 10, `${deaths} deaths`)
})

test('a transfer to a queue survives the death of its node at every step', async () => {
  const deaths = await everywhere(async sim => {
    sim.install('queue-entry', queueEntry)
    sim.install('transfer', transfer)
    const [alice, bob] = [sim.agent('alice', { queues: ['sales'] }), sim.agent('bob', { queues: ['support'] })]
    await alice.ready()
    await bob.ready()
    const caller = sim.call(toAlice)
    await caller.talksWith('alice')
    await sim.advance('5s')
    const call = await caller.uuid()
    await insists(sim, callTransfer, { call, queue: 'support' }, () => bob.place.rang > 0)
    await bob.accepts()
    await caller.talksWith('bob', '1m')
    await sim.advance('5s')
    await bob.hangsUp()
    assert.equal(await caller.outcome(), 'talked')
    await alice.becomes('idle', '1m')
    await bob.becomes('idle', '1m')
    assert.equal(sim.records.length, 1)
  })
  assert.ok(deaths > 10, `${deaths} deaths`)
})

test('a conference survives the death of its node at every step', async () => {
  const deaths = await everywhere(async sim => {
    const expert = sim.switch.world.at('sofia/gateway/carrier/+4930777', { answers: '2s' })
    const alice = sim.agent('alice')
    await alice.ready()
    const caller = sim.call(toAlice)
    await caller.talksWith('alice')
    await sim.advance('5s')
    const call = await caller.uuid()
    const isThere = () => voicesOf(sim, 'caller').includes('+4930777')
    await insists(sim, talkInvite, { talk: call, to: '+4930777' }, isThere)
    await alice.hangsUp()
    await sim.advance('1m')
    assert.deepEqual(voicesOf(sim, 'caller'), ['+4930777'])
    expert.last!.hangUp()
    await caller.hears('ivr/second')
    assert.equal(await caller.outcome(), 'over')
    await alice.becomes('idle', '1m')
    assert.equal(sim.records.length, 1)
  })
  assert.ok(deaths > 10, `${deaths} deaths`)
})

const voicesOf = (sim: Simulation, name: string): readonly string[] =>
  [...sim.switch.world.people].find(one => one.name === name)?.voices ?? []
