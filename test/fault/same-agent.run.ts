/**
 * One of two nodes that give the same agents to the same callers: `same-agent.run.ts REDIS NODE RACES`, with the
 * address of Redis as JSON. Both try the same pairs in the same order. Who has a pair marks agent and caller in Redis,
 * and gives both back after removing the marks: a mark that is there already is a second owner. Prints its findings as
 * JSON.
 */
import { redisRoster } from '../../src/agent/redis-roster.ts'
import { systemClock } from '../../src/base/clock.ts'
import { waitsOn } from '../../src/queue/member.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import { openRedisClient, type RedisAddress } from '../../src/store/redis.ts'
import { pick, seeded } from './links-chance.ts'

export interface RaceReport {
  readonly won: number
  /** Both were free when they were read, and the other node had one of them by then. */
  readonly lost: number
  readonly doubles: number
}

const LANES = 20
const [address, node, races] = process.argv.slice(2) as [string, string, string]
const redis = await openRedisClient(JSON.parse(address) as RedisAddress)
const home = { commands: redis, subscriber: redis }
const [roster, store] = [redisRoster(home), redisQueueStore(home)]
const agents = (await roster.list(systemClock.now())).map(({ name }) => name)
const callers = (await store.members('sales')).map(({ call }) => call).sort()
let [won, lost, doubles] = [0, 0, 0]

async function race(name: string, call: string): Promise<void> {
  const now = systemClock.now()
  const [agent, member] = await Promise.all([roster.get(name, now), store.member('sales', call)])
  if (agent?.state !== 'idle' || member?.state !== 'waiting') return
  const record = { at: now, queue: 'sales', call, agent: name, strategy: 'race', waitedMs: 0 }
  const assignment = { member, agent, record: { ...record, ahead: [], candidates: [], skipped: [] } }
  const done = await store.assign(assignment, node, 60_000, now)
  if (!done) return void lost++
  won++
  const marks = [`busy:${name}`, `busy:${call}`]
  const set = await Promise.all(marks.map(mark => redis.set(mark, node, 'NX')))
  if (set.includes(null)) doubles++
  await redis.del(...marks)
  const offer = done.member.offer!
  await store.change('sales', call, known => waitsOn(known, offer, 0, systemClock.now()))
  await roster.release(name, offer.epoch, 'caller-left', systemClock.now())
}

async function lane(at: number): Promise<void> {
  const random = seeded(66 + at) // the same on both nodes
  for (let n = 0; n < Number(races) / LANES; n++) await race(pick(random, agents), pick(random, callers))
}

await Promise.all(Array.from({ length: LANES }, (_, at) => lane(at)))
redis.disconnect()
console.log(JSON.stringify({ won, lost, doubles } satisfies RaceReport))
