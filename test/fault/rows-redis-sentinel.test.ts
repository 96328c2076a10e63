/**
 * Row 49 with a sentinel that decides: REDIS_URL names the sentinel, and both links find the new primary through it.
 */
import { redisRoster } from '../../src/agent/redis-roster.ts'
import { openRedisLinks } from '../../src/store/redis.ts'
import { openOwnRedis, openSentinel } from '../own-redis.ts'
import { row } from './matrix.ts'
import { until } from './rig.ts'

const settings = (name: string) => ({ name, endpoint: `user/${name}`, wrapUpMs: 0, ringForMs: 20_000, queues: [] })

for (const [what, signal] of [
  ['is killed', 'SIGKILL'],
  ['stands still', 'SIGSTOP'],
] as const) {
  row(
    49,
    `the primary ${what} and a sentinel makes the replica the primary: writes succeed there, and changes are heard`,
    { injected: `${signal} of the primary` },
    async (t, told) => {
      const [primary, replica] = await Promise.all([openOwnRedis(t), openOwnRedis(t)])
      const client = await replica.client()
      await client.replicaof('127.0.0.1', primary.port)
      await until(
        'the replica follows',
        async () => /master_link_status:up/.test(await client.info('replication')),
        10_000,
      )
      const sentinel = await openSentinel(t, primary)
      const watch = await sentinel.client()
      await until(
        'the sentinel knows the replica',
        async () => ((await watch.call('sentinel', 'replicas', 'ours')) as unknown[]).length === 1,
        15_000,
      )
      const links = await openRedisLinks({ url: `redis+sentinel://127.0.0.1:${sentinel.port}/ours/0` })
      t.after(() => Object.values(links).forEach(link => link.disconnect()))
      const roster = redisRoster(links)
      const heard: string[] = []
      roster.onChange(notice => void heard.push(notice.what === 'agent' ? notice.name : notice.what))
      await roster.put(settings('alice'), 1)

      primary.signal(signal)
      const from = performance.now()
      const writes = await until(
        'a write succeeds',
        () =>
          roster.put(settings('bert'), 1).then(
            () => true,
            () => false,
          ),
        20_000,
      ).catch(() => Infinity)
      told.is(`a write succeeds after ${Math.round(writes - from)} ms`, writes < Infinity)
      const hears = await until(
        'changes are heard',
        async () => {
          await roster.put(settings('carl'), 1).catch(() => {}) // not yet
          return heard.includes('carl')
        },
        10_000,
      ).catch(() => Infinity)
      const resyncs = heard.filter(one => one === 'resync').length
      told.is(
        `changes are heard after ${Math.round(hears - from)} ms, after reading everything ${resyncs} times`,
        hears < Infinity && resyncs >= 2,
      )
      primary.signal('SIGCONT')
    },
  )
}
