/**
 * Row 64: Redis loses the data of the job queues, or everything, or its last seconds, while a campaign is dialled. Two
 * nodes as processes, PostgreSQL, and a Redis of their own. PostgreSQL knows who is to be called.
 */
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLog } from '../../src/base/log.ts'
import { openJobs } from '../../src/desk/jobs.ts'
import { openRedisClient } from '../../src/store/redis.ts'
import { openOwnRedis, type OwnRedis } from '../own-redis.ts'
import { CampaignInRig } from './links-campaign.ts'
import { pick, seeded } from './links-chance.ts'
import { many, row } from './matrix.ts'
import { pause, Rig, until } from './rig.ts'

const BEHAVIOURS = [
  { answers: 'busy' },
  { answers: 'declined' },
  { answers: '300ms', speaks: 'human', talksFor: '3s' },
] as const
/** Claims, a second look, and agents who have to come back to the line. */
const ENDS_WITHIN_MS = 240_000

const LOSSES = {
  'the job queues are empty': async (redis: OwnRedis) => {
    const client = await redis.client()
    const keys = await client.keys('bull:*')
    if (keys.length === 0) throw new Error('no key of BullMQ was there')
    await client.del(...keys)
  },
  'Redis is empty': async (redis: OwnRedis) => void (await (await redis.client()).flushall()),
  'Redis has lost its last two seconds': async (redis: OwnRedis) => {
    const [now, then] = [join(redis.folder, 'appendonlydir'), join(redis.folder, 'before')]
    await rm(then, { recursive: true, force: true })
    await cp(now, then, { recursive: true })
    await pause(2_000)
    await redis.kill()
    await rm(now, { recursive: true })
    await cp(then, now, { recursive: true })
    await redis.start()
  },
} as const

for (const [what, lose] of Object.entries(LOSSES))
  row(
    64,
    `${what} while a campaign is dialled, again and again: every lead is called, nobody twice`,
    { injected: what },
    async (t, told) => {
      const random = seeded(64)
      const own: OwnRedis[] = []
      const rig = await Rig.open(t, told, {
        redis: async test => {
          const redis = await openOwnRedis(test)
          own.push(redis)
          const client = await openRedisClient({ url: redis.url })
          test.after(() => client.disconnect())
          return { address: { url: redis.url }, client }
        },
      })
      const [redis] = own
      const leads = many(120, 30)
      const campaign = await CampaignInRig.open(rig, {
        ...{ agents: 12, leads, cps: 3, leadDoes: () => pick(random, BEHAVIOURS) },
      })
      await rig.start(['a', 'b'], CampaignInRig.settings)
      const jobs = await openJobs({ redis: { url: redis!.url }, log: silentLog })
      t.after(() => jobs.close())
      await campaign.dialled(5)
      let losses = 0
      for (; losses < many(4, 1) && campaign.dials.length < leads; losses++) {
        await jobs.perform('campaign.status', { name: 'spring' }, 'ann') // so that there is something to lose
        await lose(redis!)
        const before = campaign.dials.length
        await until('it goes on', () => campaign.dials.length > before + 2 || before > leads - 5, 120_000)
      }
      const [paused, started] = [
        await jobs.perform('campaign.pause', { name: 'spring' }, 'ann').catch((error: Error) => error.message),
        await jobs.perform('campaign.start', { name: 'spring' }, 'ann').catch((error: Error) => error.message),
      ]
      const all = () =>
        rig.sql<
          { phone: string; state: string; disposition: string | null }[]
        >`select phone, state, disposition from leads`
      const isDone = async () => (await all()).every(({ state }) => state === 'done')
      await until('every lead has its end', isDone, ENDS_WITHIN_MS).catch(() => {}) // reported below
      const rows = await all()
      told.trials = leads
      const done = campaign.dials.length - new Set(campaign.dials.map(({ phone }) => phone)).size
      told.is(`${losses} losses, ${done} called twice, ${campaign.doubles} legs twice`, done + campaign.doubles === 0)
      const open = rows.filter(({ state, disposition }) => state !== 'done' || disposition === null)
      const never = rows.filter(({ phone }) => !campaign.dials.some(dial => dial.phone === phone))
      told.is(`${open.length} without an end, ${never.length} never called`, open.length + never.length === 0)
      const states = [paused, started].map(one => (typeof one === 'string' ? one : (one as { state?: string }).state))
      told.is(`jobs are taken afterwards: ${states.join()}`, states.join() === 'paused,running' || losses === 0)
      const ends = new Map<string, number>()
      for (const { disposition } of rows) ends.set(disposition ?? 'none', (ends.get(disposition ?? 'none') ?? 0) + 1)
      told.says([...ends].map(([end, n]) => `${n} ${end}`).join(' '))
    },
  )
