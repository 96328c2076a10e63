/**
 * How long a job has been waiting for a node, by one clock: Redis's. The timestamp in a job is the client's, and
 * BullMQ's workers compare it with their own clock. Used by jobs.ts.
 */
import { defineScript, type RedisClient } from '../store/redis.ts'

export interface JobTimes {
  /** Both in milliseconds since the epoch, by Redis's clock. `added` is null when Redis no longer has it. */
  readonly now: number
  readonly added: number | null
}

export interface JobAge {
  /** When the job could first be taken: it was added and its delay had passed; milliseconds since the epoch. */
  readonly since: number
  readonly forMs: number
  /** The clock behind `since`: the client's when Redis no longer has the time at which the job was added. */
  readonly clock: 'Redis' | 'the client'
}

/** Reads the times of a job. Rejects when Redis is unavailable. */
export type ReadJobTimes = (queue: string, job: string) => Promise<JobTimes>

const jobAdded = defineScript(new URL('./lua/job-added.lua', import.meta.url), (reply): JobTimes => {
  const [now, added] = reply as [number, number]
  return { now, added: added === 0 ? null : added }
})

export const jobTimes =
  (redis: RedisClient, prefix = 'bull'): ReadJobTimes =>
  (queue, job) =>
    jobAdded(redis, [`${prefix}:${queue}:events`], [job])

/** `timestamp`: the client's time in the job, ms since the epoch. `delay`: BullMQ's delay of the job, milliseconds. */
export function ageOf({ now, added }: JobTimes, { timestamp, delay }: { timestamp: number; delay: number }): JobAge {
  const since = (added ?? timestamp) + delay
  return { since, forMs: now - since, clock: added === null ? 'the client' : 'Redis' }
}
