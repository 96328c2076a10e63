/**
 * Rows 46, 49 and 50: Redis returns without its last seconds, another one is the primary, or it is full. Each also
 * while links stay open.
 */
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { row } from './matrix.ts'
import { RedisScene } from './redis-scene.ts'
import { pause, until } from './rig.ts'

row(
  46,
  'Redis loses its last two seconds with the power: who came in them gets back into the queue, nobody is lost',
  { injected: 'the append-only file of 2 s ago, SIGKILL, restart' },
  async (t, told) => {
    const scene = await RedisScene.open(t, told)
    const redis = scene.servers[0]!
    await pause(1_500) // the file is synced every second
    const [now, then] = [join(redis.folder, 'appendonlydir'), join(redis.folder, 'before')]
    await cp(now, then, { recursive: true })
    await scene.newcomers(2)
    await redis.kill()
    await rm(now, { recursive: true })
    await cp(then, now, { recursive: true })
    await redis.start()
    await scene.serves(10_000)
    await scene.everybodyIsQueued(40_000)
    await scene.nobodyIsLost()
    scene.ownersAgree()
    await scene.end()
  },
)

/** The second server has the data of the first, except the last seconds. */
async function lagging(scene: RedisScene): Promise<void> {
  const [first, second] = scene.servers
  const replica = await second!.client()
  await replica.replicaof('127.0.0.1', first!.port)
  while (!/master_link_status:up/.test(await replica.info('replication'))) await pause(20)
  await pause(200)
  await replica.replicaof('NO', 'ONE')
  await scene.newcomers(2)
}

const failovers = {
  'the old one is killed': (scene: RedisScene) => scene.servers[0]!.kill(),
  'the old one falls silent': async (scene: RedisScene) => void scene.proxy.freeze(),
  'the old one becomes a replica and its links stay open': async (scene: RedisScene) => {
    const [first, second] = scene.servers
    await (await first!.client()).replicaof('127.0.0.1', second!.port)
  },
} as const

for (const [what, fails] of Object.entries(failovers)) {
  row(
    49,
    `a replica that lags becomes the primary, ${what}: nobody is lost, who came last gets back into the queue`,
    { injected: `failover, ${what}` },
    async (t, told) => {
      const scene = await RedisScene.open(t, told, { servers: 2 })
      await lagging(scene)
      scene.proxy.lead({ port: scene.servers[1]!.port })
      await fails(scene)
      await scene.movesTo(scene.servers[1]!)
      await scene.serves(10_000)
      await scene.everybodyIsQueued(40_000)
      await scene.nobodyIsLost()
      scene.ownersAgree()
      await scene.end()
    },
  )
}

row(
  50,
  'Redis has no memory left for 10 s and refuses every write: talks go on, nobody is lost, and then somebody is served',
  { injected: 'maxmemory 1 for 10 s' },
  async (t, told) => {
    const scene = await RedisScene.open(t, told)
    const client = await scene.servers[0]!.client()
    await client.config('SET', 'maxmemory', '1')
    await scene.newcomers(3)
    await pause(7_000)
    await client.config('SET', 'maxmemory', '0')
    await scene.serves(10_000)
    await scene.nobodyIsLost(10_000)
    scene.ownersAgree()
    await scene.end()
  },
)

row(
  50,
  'Redis is emptied while people wait and talk: agents, queues and places are back within 10 s, nobody is lost',
  { injected: 'FLUSHALL', quick: true },
  async (t, told) => {
    const scene = await RedisScene.open(t, told)
    const { rig } = scene
    const agents = async () => (await rig.roster.list(Date.now())).map(({ name, status }) => `${name} ${status}`).sort()
    const before = await agents()
    const client = await scene.servers[0]!.client()
    await client.flushall()
    const emptied = performance.now()
    const back = async () => (await agents()).join() === before.join()
    const at = await until('the agents are back', back, 10_000).catch(() => Infinity)
    told.is(
      `${before.length} agents are back with their status after ${Math.round(at - emptied)} ms`,
      at - emptied <= 10_000,
    )
    await scene.everybodyIsQueued(10_000)
    await scene.serves(10_000)
    const owned = async () => (await rig.redis.hlen('sh:calls')) >= told.trials
    const journals = await until('every call is written down again', owned, 10_000).catch(() => Infinity)
    told.is(`every call has its owner again after ${Math.round(journals - emptied)} ms`, journals < Infinity)
    await scene.nobodyIsLost()
    scene.ownersAgree()
    await scene.end()
  },
)
