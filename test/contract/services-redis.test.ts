/** Clients of Redis and scripts in Lua, on a real server. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test, type TestContext } from 'node:test'
import { assertFit, defineScript, openRedisClient } from '../../src/store/redis.ts'
import { openRedis } from '../open-services.ts'
import { openOwnRedis } from '../own-redis.ts'

async function lua(t: TestContext, text: string): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-lua-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'reserve.lua'), text)
  return pathToFileURL(join(folder, 'reserve.lua'))
}

const RESERVE = `-- Reserves an agent.
-- KEYS[1]    the agent
-- ARGV[1]    who reserves
-- ARGV[2..]  skills
redis.call('set', KEYS[1], ARGV[1])
return #ARGV`

test('a script runs on a server that has never seen it, and again after the server forgot it', async t => {
  const { client } = await openRedis(t)
  const reserve = defineScript(await lua(t, RESERVE), reply => Number(reply))
  assert.equal(await reserve(client, ['agent'], ['alice', 'english', 'french']), 3)
  await client.script('FLUSH')
  assert.equal(await reserve(client, ['agent'], ['bob']), 1)
  assert.equal(await client.get('agent'), 'bob')
})

test('a call that does not fit the header of its script is refused before it is sent', async t => {
  const { client } = await openRedis(t)
  const reserve = defineScript(await lua(t, RESERVE), Number)
  await assert.rejects(reserve(client, [], ['alice']), /reserve\.lua takes 1 KEYS, got 0/)
  await assert.rejects(reserve(client, ['agent'], []), /reserve\.lua takes 1 or more ARGV, got 0/)
  const gap = await lua(t, '-- KEYS[1] the agent\n-- KEYS[3] the queue\nreturn 1')
  assert.throws(() => defineScript(gap, Number), /out of order/)
})

test('a command under way when the link breaks fails at once and is not sent again', async t => {
  const { client, address } = await openRedis(t)
  const other = await openRedisClient(address, { name: 'cut' })
  t.after(() => other.disconnect())
  const refused = assert.rejects(other.blpop('nothing', 0), /max retries/)
  const back = new Promise(resolve => other.once('ready', resolve))
  await client.client('KILL', 'ID', await untilListed(client, 'cut'))
  await refused
  await back
  await client.rpush('nothing', 'late')
  assert.equal(await client.llen('nothing'), 1, 'the blpop was not sent again')
})

test('a subscriber hears again after its link broke', async t => {
  const { client, address } = await openRedis(t)
  const ear = await openRedisClient(address, { kind: 'subscriber', name: 'ear' })
  t.after(() => ear.disconnect())
  const channel = `news-${process.pid}`
  await ear.subscribe(channel)
  const back = new Promise(resolve => ear.once('ready', resolve))
  await client.client('KILL', 'ID', await untilListed(client, 'ear'))
  await back
  const heard = new Promise(resolve => ear.once('message', (_channel, text) => resolve(text)))
  while ((await client.publish(channel, 'again')) === 0) await client.ping()
  assert.equal(await heard, 'again')
})

test('a Redis that may throw keys away is refused', async t => {
  const { client } = await openRedis(t)
  await assertFit(client)
  try {
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await assert.rejects(assertFit(client), /maxmemory-policy allkeys-lru/)
  } finally {
    await client.config('SET', 'maxmemory-policy', 'noeviction')
  }
})

test('a Redis Cluster is refused in one sentence that says why', async t => {
  const cluster = await openOwnRedis(t, ['--cluster-enabled', 'yes'])
  await assert.rejects(
    assertFit(await cluster.client()),
    /^SwitchhookError: this Redis is a cluster: agents and callers are written together by one script/,
  )
})

test('a Redis that is not there is one clear line', async () => {
  await assert.rejects(
    openRedisClient({ url: 'redis://127.0.0.1:9' }),
    /^SwitchhookError: Redis does not answer: connect ECONNREFUSED/,
  )
})

async function untilListed(client: Awaited<ReturnType<typeof openRedisClient>>, name: string): Promise<string> {
  for (;;) {
    const line = String(await client.client('LIST'))
      .split('\n')
      .find(one => one.includes(` name=${name} `))
    const id = /(?:^|\s)id=(\d+)/.exec(line ?? '')?.[1]
    if (id && /cmd=(blpop|subscribe)/.test(line!)) return id
  }
}
