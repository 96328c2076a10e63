/** One suite for both call stores, in memory and in Redis: both keep the same promises. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { memoryCallStore } from '../../src/journal/memory-call-store.ts'
import type { CallStore, Owner } from '../../src/journal/call-store.ts'
import { callStoreKeys, redisCallStore } from '../../src/journal/redis-call-store.ts'
import { openRedisClient } from '../../src/store/redis.ts'
import { openRedis } from '../open-services.ts'

interface Stores {
  readonly first: CallStore
  /** The same calls as another node sees them. */
  readonly second: CallStore
}

const HOMES: Record<string, (t: TestContext) => Promise<Stores>> = {
  async memory() {
    const calls = memoryCallStore()
    return { first: calls, second: calls }
  },
  async Redis(t) {
    const { client, address } = await openRedis(t)
    const other = await openRedisClient(address)
    t.after(() => other.disconnect())
    return { first: redisCallStore(client, systemClock), second: redisCallStore(other, systemClock) }
  },
}

const take = async (store: CallStore, uuid: string, node: string): Promise<Owner> => ({
  node,
  epoch: (await store.take(uuid, node, 'begin')).epoch,
})

for (const [home, open] of Object.entries(HOMES)) {
  test(`${home}: a new call begins its journal, and what its owner writes stands behind it in order`, async t => {
    const { first, second } = await open(t)
    assert.equal(await first.owner('c1'), null)
    assert.deepEqual(await first.read('c1'), [])
    const { epoch, before, entries } = await first.take('c1', 'a', '{"k":"begin"}')
    assert.deepEqual({ before, entries }, { before: null, entries: ['{"k":"begin"}'] })
    const owner = { node: 'a', epoch }
    assert.ok(Number.isSafeInteger(epoch) && epoch > 0)
    assert.equal(await first.append('c1', owner, ['one', 'two']), true)
    assert.equal(await first.append('c1', owner, []), true)
    assert.equal(await first.append('c1', owner, ['drei \u{1F4DE}\n ü']), true)
    assert.deepEqual(await second.read('c1'), ['{"k":"begin"}', 'one', 'two', 'drei \u{1F4DE}\n ü'])
    assert.deepEqual(await second.owner('c1'), owner)
  })

  test(`${home}: what calls write in one turn is answered for each of them, and stands before what is asked behind it`, async t => {
    const { first, second } = await open(t)
    const [one, lost, two] = await Promise.all(['c1', 'c2', 'c3'].map(uuid => take(first, uuid, 'a')))
    await take(second, 'c2', 'b')
    const many = Array.from({ length: 1_500 }, (_, at) => `entry ${at}`)
    const answers = Promise.all([
      first.append('c1', one!, ['first']),
      first.append('c2', lost!, ['of nobody']),
      first.append('c3', two!, []),
      first.append('c3', two!, many),
      first.append('c1', one!, ['second', 'third']),
    ])
    assert.deepEqual(await first.read('c1'), ['begin', 'first', 'second', 'third'])
    assert.deepEqual(await answers, [true, false, true, true, true])
    assert.deepEqual(await second.read('c2'), ['begin'])
    assert.deepEqual(await second.read('c3'), ['begin', ...many])
    const last = first.append('c1', one!, ['last'])
    assert.equal(await first.end('c1', one!), true)
    assert.equal(await last, true, 'it was written before the call was forgotten')
  })

  test(`${home}: the node to which a call is brought has it at once, with all that happened before`, async t => {
    const { first, second } = await open(t)
    const old = await take(first, 'c1', 'node a')
    await first.append('c1', old, ['one'])
    const taken = await second.take('c1', 'node b', 'another begin')
    assert.deepEqual(taken, { epoch: old.epoch + 1, before: old, entries: ['begin', 'one'] })
    assert.equal((await first.take('c1', 'node a', 'begin')).epoch, old.epoch + 2)
  })

  test(`${home}: who has lost a call can neither write to it nor begin it anew nor end it`, async t => {
    const { first, second } = await open(t)
    const old = await take(first, 'c1', 'a')
    const owner = await take(second, 'c1', 'b')
    assert.equal(await first.append('c1', old, ['late']), false)
    assert.equal(await first.append('c1', old, []), false)
    assert.equal(await first.restart('c1', old, ['late']), false)
    assert.equal(await first.end('c1', old), false)
    assert.equal(await first.append('c1', { node: 'a', epoch: owner.epoch }, ['liar']), false)
    assert.deepEqual(await first.read('c1'), ['begin'])
    assert.deepEqual(await first.owner('c1'), owner)
  })

  test(`${home}: a node that was brought the same call twice writes under the later epoch alone`, async t => {
    const { first } = await open(t)
    const old = await take(first, 'c1', 'a')
    const owner = await take(first, 'c1', 'a')
    assert.equal(await first.append('c1', old, ['late']), false)
    assert.equal(await first.append('c1', owner, ['on']), true)
  })

  test(`${home}: a changed script begins the journal anew`, async t => {
    const { first, second } = await open(t)
    const owner = await take(first, 'c1', 'a')
    await first.append('c1', owner, ['one', 'two'])
    assert.equal(await first.restart('c1', owner, ['begin 2', 'note']), true)
    assert.equal(await first.append('c1', owner, ['three']), true)
    assert.deepEqual((await second.take('c1', 'b', '')).entries, ['begin 2', 'note', 'three'])
  })

  test(`${home}: a call that is over is forgotten, and nobody writes to it any more`, async t => {
    const { first, second } = await open(t)
    const owner = await take(first, 'c1', 'a')
    assert.equal(await first.end('c1', owner), true)
    assert.equal(await first.end('c1', owner), false)
    assert.equal(await first.append('c1', owner, ['late']), false)
    assert.equal(await second.owner('c1'), null)
    assert.deepEqual(await second.read('c1'), [])
  })

  test(`${home}: a call that comes again after its end is nobody's old call`, async t => {
    const { first, second } = await open(t)
    const had: Owner[] = []
    for (let i = 0; i < 200; i++) {
      had.push(await take(first, 'c1', 'a'), await take(second, 'c1', 'b'))
      await second.end('c1', had.at(-1)!)
    }
    const owner = await take(first, 'c1', 'a')
    assert.equal(new Set(had.map(({ epoch }) => epoch)).size, 400)
    assert.ok(had.every(({ epoch }) => epoch < owner.epoch))
    assert.deepEqual([...new Set(await Promise.all(had.map(old => first.append('c1', old, ['late']))))], [false])
    assert.deepEqual(await first.read('c1'), ['begin'])
  })

  test(`${home}: the owners of many calls, in the order in which they were asked for`, async t => {
    const { first, second } = await open(t)
    assert.deepEqual(await first.ownersOf([]), [])
    assert.deepEqual(await first.all(), new Map())
    const c1 = await take(first, 'c1', 'a')
    const c2 = await take(second, 'c2', 'b')
    await first.end('c3', await take(first, 'c3', 'a'))
    assert.deepEqual(await first.ownersOf(['c2', 'c3', 'c1', 'never']), [c2, null, c1, null])
    assert.deepEqual(
      await first.all(),
      new Map([
        ['c1', c1],
        ['c2', c2],
      ]),
    )
  })

  test(`${home}: of nodes that take one call at the same moment one has it, and the others know who`, async t => {
    const { first, second } = await open(t)
    const takes = await Promise.all(
      Array.from({ length: 40 }, (_, i) => [first, second][i % 2]!.take('c1', `n${i}`, 'begin')),
    )
    const epochs = takes.map(({ epoch }) => epoch).sort((a, b) => a - b)
    assert.deepEqual(
      epochs,
      Array.from({ length: 40 }, (_, i) => epochs[0]! + i),
    )
    const written = await Promise.all(
      takes.map(({ epoch }, i) => first.append('c1', { node: `n${i}`, epoch }, [`n${i}`])),
    )
    const winner = takes.findIndex(({ epoch }) => epoch === epochs.at(-1))
    assert.deepEqual(
      written.flatMap((had, i) => (had ? [i] : [])),
      [winner],
    )
    assert.deepEqual(await first.read('c1'), ['begin', `n${winner}`])
  })

  test(`${home}: ten thousand late words of a node that has lost its calls are refused, each of them`, async t => {
    const { first, second } = await open(t)
    const uuids = Array.from({ length: 100 }, (_, i) => `c${i}`)
    const old = await Promise.all(uuids.map(uuid => take(first, uuid, 'a')))
    const owners = await Promise.all(uuids.map(uuid => take(second, uuid, 'b')))
    const answers: boolean[] = []
    for (let n = 0; n < 100; n++) {
      answers.push(
        ...(await Promise.all(
          uuids.map((uuid, i) => {
            if (n % 50 === 0) void second.append(uuid, owners[i]!, [`b${n}`])
            return [first.append, first.restart, first.append, first.end][n % 4]!.call(first, uuid, old[i]!, ['late'])
          }),
        )),
      )
    }
    assert.equal(answers.filter(had => !had).length, 10_000)
    const journals = await Promise.all(uuids.map(uuid => second.read(uuid)))
    assert.deepEqual(
      journals,
      uuids.map(() => ['begin', 'b0', 'b50']),
    )
    assert.deepEqual(await second.ownersOf(uuids), owners)
  })
}

test('Redis: a journal that nobody writes to is forgotten after half a day, and begins anew with the next take', async t => {
  const { client } = await openRedis(t)
  const calls = redisCallStore(client, systemClock)
  const journal = callStoreKeys.journal('c1')
  let owner = await take(calls, 'c1', 'a')
  const writes = [
    () => calls.append('c1', owner, ['one']),
    () => calls.restart('c1', owner, ['begin']),
    async () => (owner = await take(calls, 'c1', 'b')),
  ]
  assert.equal(await client.ttl(journal), 43_200)
  for (const write of writes) {
    await client.expire(journal, 100)
    await write()
    assert.equal(await client.ttl(journal), 43_200)
  }
  await client.del(journal)
  assert.equal(await calls.append('c1', owner, ['after a very long talk']), true)
  assert.deepEqual(
    (await calls.take('c1', 'a', 'a new begin')).entries,
    ['a new begin'],
    'no journal without its beginning',
  )
})

test('Redis: keys are what the operator was told', async t => {
  const { client } = await openRedis(t)
  await take(redisCallStore(client, systemClock), 'c1', 'a')
  assert.deepEqual((await client.keys('*')).sort(), ['sh:calls', 'sh:journal:c1'])
  assert.match((await client.hget('sh:calls', 'c1'))!, /^\d{16} a$/)
})

test('Redis: scripts that Redis has forgotten are given to it again', async t => {
  const { client } = await openRedis(t)
  const calls = redisCallStore(client, systemClock)
  const owner = await take(calls, 'c1', 'a')
  await client.script('FLUSH')
  assert.equal(await calls.append('c1', owner, ['one']), true)
  await client.script('FLUSH')
  assert.equal((await calls.take('c1', 'b', '')).epoch, owner.epoch + 1)
})
