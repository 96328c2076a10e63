/** Rows 48 and 49 for the job queues: when Redis becomes silent or another one is the primary, jobs are still taken. */
import type { TestContext } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { openJobs } from '../../src/desk/jobs.ts'
import { openProxy } from './proxy.ts'
import { openOwnRedis, type OwnRedis } from '../own-redis.ts'
import { row } from './matrix.ts'
import { until } from './rig.ts'

async function rig(t: TestContext, servers: number) {
  const open: { close(): Promise<void> }[] = []
  t.after(() => Promise.all(open.map(jobs => jobs.close()))) // first: before their Redis ends
  const redis = await Promise.all(Array.from({ length: servers }, () => openOwnRedis(t)))
  const proxy = await openProxy(t, { port: redis[0]!.port })
  const asked: string[] = []
  const handlers = {
    times: async () => ({ now: Date.now(), added: Date.now() }),
    async perform(operation: { name: string }) {
      asked.push(operation.name)
      return { campaign: 'spring', state: 'running' }
    },
  }
  const jobsAt = async (url: string, more = {}) => {
    const jobs = await openJobs({ redis: { url }, log: silentLog, ...more })
    open.push(jobs)
    return jobs
  }
  await jobsAt(`redis://127.0.0.1:${proxy.port}/0`, { handlers })
  return { redis, asked, proxy, desk: (at: OwnRedis) => jobsAt(at.url) }
}

/** A worker notices its silent link after 6 s at the latest, and reconnects within moments. */
const TAKEN_WITHIN_MS = 15_000

row(
  48,
  'all links of the job queues fall silent: a job that is enqueued then is done',
  { injected: 'nothing passes on open links' },
  async (t, told) => {
    const { redis, asked, proxy, desk } = await rig(t, 1)
    told.says(`${proxy.freeze()} links`)
    void (await desk(redis[0]!)).perform('campaign.start', { name: 'spring' }, 'ann').catch(() => {})
    const from = performance.now()
    const at = await until('the job is done', () => asked.length === 1, TAKEN_WITHIN_MS).catch(() => Infinity)
    told.is(`done after ${Math.round(at - from)} ms`, at < Infinity)
  },
)

row(
  49,
  'another Redis is the primary and the links of the job queues stay open: a job that is enqueued there is done',
  { injected: 'REPLICAOF' },
  async (t, told) => {
    const { redis, asked, proxy, desk } = await rig(t, 2)
    const [first, second] = redis
    proxy.lead({ port: second!.port })
    await (await first!.client()).replicaof('127.0.0.1', second!.port)
    void (await desk(second!)).perform('campaign.start', { name: 'spring' }, 'ann').catch(() => {})
    const from = performance.now()
    const at = await until('the job is done', () => asked.length === 1, TAKEN_WITHIN_MS).catch(() => Infinity)
    told.is(`done after ${Math.round(at - from)} ms`, at < Infinity)
  },
)
