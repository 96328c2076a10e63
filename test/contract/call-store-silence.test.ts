/** The call store when Redis is down, silent or late: no caller waits for it. */
import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { SwitchhookError } from '../../src/base/errors.ts'
import type { CallStore, Owner } from '../../src/journal/call-store.ts'
import { redisCallStore } from '../../src/journal/redis-call-store.ts'
import { openRedisClient, type RedisClient } from '../../src/store/redis.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { openRedis } from '../open-services.ts'

const take = async (store: CallStore, uuid: string, node: string): Promise<Owner> => ({
  node,
  epoch: (await store.take(uuid, node, 'begin')).epoch,
})
const isService = (error: unknown) => error instanceof SwitchhookError && error.code === 'SERVICE'

test('a Redis that is away fails every question at once', async t => {
  const { address } = await openRedis(t)
  const commands = await openRedisClient(address)
  commands.disconnect()
  const clock = new VirtualClock()
  const calls = redisCallStore(commands, clock)
  for (const question of everything(calls)) await assert.rejects(question, isService)
  assert.deepEqual(clock.pending(), [])
})

test('a Redis that is connected but silent holds nobody longer than 250 ms, and the next ones not at all', async t => {
  const { commands, silence } = await silentRedis(t)
  const clock = new VirtualClock()
  const calls = redisCallStore(commands, clock)
  const owner = await take(calls, 'c1', 'a')
  silence(true)
  const queries = everything(calls).map(question => question.then(() => 'answered', isService))
  let settled = 0
  for (const question of queries) void question.then(() => settled++)
  await clock.advance(249)
  assert.equal(settled, 0)
  await clock.advance(2)
  assert.equal(settled, queries.length)
  assert.deepEqual([...new Set(await Promise.all(queries))], [true])
  await assert.rejects(calls.append('c1', owner, ['at once']), /SwitchhookError: Redis is silent/)
  assert.deepEqual(clock.pending(), [])
})

test('a Redis that was silent and answers again is asked again', async t => {
  const { commands, silence } = await silentRedis(t)
  const clock = new VirtualClock()
  const calls = redisCallStore(commands, clock)
  const owner = await take(calls, 'c1', 'a')
  await calls.append('c1', owner, ['in time'])
  silence(true)
  const late = calls.append('c1', owner, ['late']).then(() => 'answered', isService)
  await clock.advance(251)
  assert.equal(await late, true)
  silence(false)
  while (
    !(await calls.owner('c1').then(
      () => true,
      () => false,
    ))
  )
    await commands.ping()
  assert.equal(await calls.append('c1', owner, ['again']), true)
  assert.deepEqual(
    await calls.read('c1'),
    ['begin', 'in time', 'late', 'again'],
    'a write that was given up may have happened',
  )
})

test('an answer that came while this process stood still counts', async t => {
  const { client } = await openRedis(t)
  const calls = redisCallStore(client, systemClock)
  const owner = await take(calls, 'c1', 'a')
  const answer = calls.append('c1', owner, ['one'])
  await new Promise(resolve => setImmediate(resolve))
  const until = performance.now() + 300
  while (performance.now() < until);
  assert.equal(await answer, true)
})

function everything(calls: CallStore): Promise<unknown>[] {
  const owner = { node: 'a', epoch: 1 }
  return [
    calls.take('c9', 'a', 'begin'),
    calls.append('c9', owner, ['one']),
    calls.restart('c9', owner, ['begin']),
    calls.end('c9', owner),
    calls.owner('c9'),
    calls.ownersOf(['c9']),
    calls.all(),
    calls.read('c9'),
  ]
}

/** A Redis behind a network that can hold its answers back and deliver them later. */
async function silentRedis(t: TestContext): Promise<{ commands: RedisClient; silence(on: boolean): void }> {
  const { address } = await openRedis(t)
  if (!('socket' in address)) throw new Error('tests have a Redis of their own')
  let silent = false
  let held: (() => void)[] = []
  const server = createServer(near => {
    const far = connect(address.socket)
    near.pipe(far)
    far.on('data', bytes => (silent ? held.push(() => near.write(bytes)) : near.write(bytes)))
    far.on('error', () => near.destroy())
    near.on('error', () => far.destroy())
    near.on('close', () => far.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const commands = await openRedisClient({ url: `redis://127.0.0.1:${port}/${address.db ?? 0}` })
  t.after(() => {
    commands.disconnect()
    return new Promise(resolve => server.close(resolve))
  })
  return {
    commands,
    silence(on) {
      silent = on
      if (on) return
      for (const write of held) write()
      held = []
    },
  }
}
