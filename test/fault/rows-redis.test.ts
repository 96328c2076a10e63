/**
 * Rows 45, 47 and 48: Redis is killed, down, suspended or slow, and each case once more with a Redis that becomes
 * silent while its links stay open.
 */
import { many, row } from './matrix.ts'
import { RedisScene } from './redis-scene.ts'
import { pause } from './rig.ts'

row(
  45,
  'Redis is killed again and again under load and starts with what it has written: nobody is lost, a caller is served soon after',
  { injected: 'SIGKILL of Redis, restart' },
  async (t, told) => {
    const scene = await RedisScene.open(t, told)
    const redis = scene.servers[0]!
    const times = many(10, 2)
    for (let time = 0; time < times; time++) {
      const coming = scene.newcomers(1)
      await redis.kill()
      await redis.start()
      await coming
    }
    told.says(`${times} times`)
    await scene.serves(5_000)
    await scene.nobodyIsLost()
    scene.ownersAgree()
    await scene.end()
  },
)

row(
  45,
  'all links to Redis fall silent and stay open, new ones are served, and a node is alone: nobody who comes hears nothing for 10 s',
  { injected: 'nothing passes on open links' },
  async (t, told) => {
    const scene = await RedisScene.open(t, told, { alone: true })
    told.says(`${scene.proxy.freeze()} links`)
    await scene.newcomers(8)
    await scene.serves(5_000)
    await scene.nobodyIsLost()
    await scene.end()
  },
)

row(
  45,
  'all links to Redis fall silent and stay open, new ones are served, again and again: nobody is lost',
  { injected: 'nothing passes on open links, again and again' },
  async (t, told) => {
    const scene = await RedisScene.open(t, told)
    for (let time = 0; time < many(5, 1); time++) {
      told.says(`${scene.proxy.freeze()} links`)
      await scene.newcomers(6)
    }
    await scene.serves(5_000)
    await scene.nobodyIsLost()
    scene.ownersAgree()
    await scene.end()
  },
)

row(
  47,
  'Redis is away for a minute: talks go on, who waits waits, who comes hears the apology, and then somebody is served',
  { injected: 'SIGKILL of Redis, 60 s' },
  async (t, told) => {
    const scene = await RedisScene.open(t, told)
    const redis = scene.servers[0]!
    const gone = performance.now()
    await redis.kill()
    await scene.newcomers(many(60, 12))
    const back = performance.now()
    await redis.start()
    await scene.serves(10_000, back)
    await scene.nobodyIsLost(back - gone)
    scene.ownersAgree()
    await scene.end()
  },
)

row(
  47,
  'Redis accepts connections for a minute and says nothing, and a node is alone: the same',
  { injected: 'nothing passes, new links hear nothing, 60 s' },
  async (t, told) => {
    const scene = await RedisScene.open(t, told, { alone: true })
    scene.proxy.blackhole()
    await scene.newcomers(many(60, 12))
    scene.proxy.heal()
    await scene.serves(10_000)
    await scene.nobodyIsLost()
    scene.ownersAgree()
    await scene.end()
  },
)

row(
  48,
  'Redis stands still for 10 s: no call has two owners, nobody is lost',
  { injected: 'SIGSTOP of Redis for 10 s' },
  async (t, told) => {
    const scene = await RedisScene.open(t, told)
    const redis = scene.servers[0]!
    redis.signal('SIGSTOP')
    await scene.newcomers(10)
    redis.signal('SIGCONT')
    await scene.serves(10_000)
    await scene.nobodyIsLost(10_000)
    scene.ownersAgree()
    await scene.end()
  },
)

row(
  48,
  'every answer of Redis takes half a second longer: slower, but everybody is served',
  { injected: '250 ms each way for 15 s' },
  async (t, told) => {
    const scene = await RedisScene.open(t, told)
    scene.proxy.delay(250)
    await scene.newcomers(5)
    await scene.serves(15_000)
    await pause(5_000)
    scene.proxy.heal()
    await scene.nobodyIsLost()
    scene.ownersAgree()
    await scene.end()
  },
)
