/**
 * For how long a job could have been taken, by one clock: Redis's. The time that a job carries is that of the client which made it, and
 * BullMQ's workers compare it with their own.
 */
import { defineScript, type RedisClient } from '../store/redis.ts'

export interface JobTimes {
  /** Milliseconds since the epoch, by Redis's clock, both. `added` is null when Redis does not know it any more. */
  readonly now: number
  readonly added: number | null
}

export interface JobAge {
  /** Since when the job could be taken: when it was added and its delay had passed; milliseconds since the epoch. */
  readonly since: number
  readonly forMs: number
  /** Whose clock says so: the client's where Redis does not know any more when the job was added. */
  readonly clock: 'Redis' | 'the client'
}

/** `prefix` is BullMQ's. Rejects when Redis is away. */
export type ReadJobTimes = (queue: string, job: string) => Promise<JobTimes>

const jobAdded = defineScript(new URL('./lua/job-added.lua', import.meta.url), (reply): JobTimes => {
  const [now, added] = reply as [number, number]
  return { now, added: added === 0 ? null : added }
})

export const jobTimes =
  (redis: RedisClient, prefix = 'bull'): ReadJobTimes =>
  (queue, job) =>
    jobAdded(redis, [`${prefix}:${queue}:events`], [job])

/** `timestamp` is what the client wrote, `delay` how long it wanted the job to wait; milliseconds. */
export function ageOf({ now, added }: JobTimes, { timestamp, delay }: { timestamp: number; delay: number }): JobAge {
  const since = (added ?? timestamp) + delay
  return { since, forMs: now - since, clock: added === null ? 'the client' : 'Redis' }
}
