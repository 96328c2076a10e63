/** The links of the job queues: when Redis falls silent or another one is the primary, jobs are taken all the same. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { openJobs } from '../../src/campaign/jobs.ts'
import { openProxy } from '../fault/proxy.ts'
import { openOwnRedis, type OwnRedis } from '../own-redis.ts'
import { until } from './campaign-house.ts'

async function house(t: TestContext, servers: number) {
  const open: { close(): Promise<void> }[] = []
  t.after(() => Promise.all(open.map(jobs => jobs.close()))) // first: before their Redis goes
  const redis = await Promise.all(Array.from({ length: servers }, () => openOwnRedis(t)))
  const proxy = await openProxy(t, { port: redis[0]!.port })
  const asked: string[] = []
  const handlers = {
    now: () => Date.now(),
    async campaign(command: string, name: string) {
      asked.push(`${command} ${name}`)
      return { state: 'running' }
    },
    clickToDial: async () => ({ uuid: 'u-1' }),
  }
  const jobsAt = async (url: string, more = {}) => {
    const jobs = await openJobs({ redis: { url }, log: silentLog, ...more })
    open.push(jobs)
    return jobs
  }
  const node = await jobsAt(`redis://127.0.0.1:${proxy.port}/0`, { handlers })
  return { redis, asked, proxy, node, desk: (at: OwnRedis) => jobsAt(at.url) }
}

test('a job that is enqueued after all links of the worker fell silent is done', async t => {
  const { redis, asked, proxy, desk } = await house(t, 1)
  assert.equal(proxy.freeze(), 3)
  await (await desk(redis[0]!)).campaign('start', 'spring')
  await until(() => asked.length === 1)
})

test('who enqueues a job while Redis is silent is told so, not kept waiting', async t => {
  const { proxy, node } = await house(t, 1)
  proxy.freeze()
  await assert.rejects(node.campaign('start', 'spring'), { code: 'SERVICE' })
})

test('a job that is enqueued at the new primary is done after a failover', async t => {
  const { redis, asked, proxy, desk } = await house(t, 2)
  const [first, second] = redis
  proxy.lead({ port: second!.port })
  await (await first!.client()).replicaof('127.0.0.1', second!.port)
  await (await desk(second!)).campaign('start', 'spring')
  await until(() => asked.length === 1)
})
