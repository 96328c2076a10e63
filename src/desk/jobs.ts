/**
 * The door for other systems: queues of BullMQ on our Redis, for any BullMQ client in any language. Prefix `bull`.
 * docs/jobs.md describes them: queues, payloads, answers, limits, and what a client repeats when an answer is lost.
 *
 * A job is a command and holds no state: the state is in PostgreSQL. A job runs once: it is not retried when it fails
 * or when its node dies, whatever `attempts` says, because no person may be called twice. A job about a live call (an
 * operation that needs a node) that has waited for longer than 30 s (no node was available) fails: nobody expects it
 * any more. The wait counts from when the job could first be taken (BullMQ's `delay` has passed), by Redis's clock and
 * not by the client's: job-age.ts.
 */
import { Queue, QueueEvents, UnrecoverableError, Worker, type Job } from 'bullmq'
import { systemClock } from '../base/clock.ts'
import { ERROR_CODES, InputError, SwitchhookError, type ErrorCode } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import { RETRY } from '../base/retry.ts'
import { OPERATIONS } from '../operations/all.ts'
import type { Operation, Progress } from '../operations/operation.ts'
import { openRedisClient, type RedisAddress } from '../store/redis.ts'
import { ageOf, type ReadJobTimes } from './job-age.ts'
import { JobProgress } from './job-progress.ts'
import { CAMPAIGN_QUEUE, DIAL_QUEUE, DOORS, OPERATION_QUEUE, type Door } from './job-queues.ts'

/** A job about a live call that waits longer than this fails; the head of this file has the reason. */
const STALE_MS = 30_000
/**
 * Octets of a payload: ten thousand leads with 400 octets each. A node reads a payload in one turn of its event loop
 * (10 to 25 ms for each MiB, measured), and its callers wait meanwhile.
 */
const LARGEST_PAYLOAD = 4 * 1024 * 1024
/** Octets of an answer: Redis keeps the last thousand of them. */
const LARGEST_ANSWER = 1024 * 1024
/** RING_FOR is 120 s at most; FreeSWITCH has the remaining time to report the outcome. */
const LONGEST_MS = 150_000

interface JobHandlers {
  /** When a job was added, and Redis's time now: jobTimes, over the same Redis and prefix. */
  times: ReadJobTimes
  /** Performs an operation for this person or system; rejects as operations/perform.ts does. */
  perform(operation: Operation, input: unknown, by: string, progress: (progress: Progress) => void): Promise<unknown>
}

export interface JobsOptions {
  redis: RedisAddress
  log: Log
  /** Separates installations on one Redis. Default 'bull', BullMQ's own. */
  prefix?: string | undefined
  /** Without handlers jobs are only enqueued, for the command line. */
  handlers?: JobHandlers | undefined
}

/** Completed jobs are kept for an hour, failed jobs for a week; BullMQ's default keeps all jobs for ever. */
const KEPT = { removeOnComplete: { count: 1_000, age: 3_600 }, removeOnFail: { age: 7 * 86_400 } } as const

export interface Jobs {
  /**
   * Performs an operation on a node, and resolves with its output. Rejects with the code and message of a refusal, and
   * with SERVICE when Redis is unavailable or no node took the job within 30 s: the job is removed then.
   */
  perform(operation: string, input: unknown, by: string): Promise<unknown>
  /** Takes no more jobs, and waits for the jobs under way. */
  close(): Promise<void>
}

/**
 * Resolves when the queues can be reached. BullMQ opens no connections of its own: the connection that it gets fails
 * at once, or after 1 s of silence, and reconnects. Those on which workers wait are made from it with `duplicate()` and
 * behave alike.
 */
export async function openJobs({ redis, log, prefix = 'bull', handlers }: JobsOptions): Promise<Jobs> {
  // without an error listener BullMQ throws; the client reconnects by itself. Each connection reports each attempt: one
  // Outage for all
  const outage = new Outage({
    what: 'the connection of the job queues',
    fields: { queues: [OPERATION_QUEUE, CAMPAIGN_QUEUE, DIAL_QUEUE] },
    clock: systemClock,
    log,
  })
  const hear = (error: Error) => outage.away(error.message)
  const connection = await openRedisClient(redis, { name: 'switchhook-jobs', log })
  const once = {
    maxStalledCount: 0,
    maxStartedAttempts: 1,
    runRetryDelay: RETRY.jobWorker.pauseMs,
  }
  const workers = (handlers ? DOORS : []).map(door => {
    const options = { connection, prefix, concurrency: door.concurrency, ...once, ...KEPT }
    const payloadSize = (id: string) => connection.hstrlen(`${prefix}:${door.queue}:${id}`, 'data')
    const failed = (error: Error) => hear(error)
    return new Worker(door.queue, job => perform(job, { door, handlers: handlers!, payloadSize, failed }), options).on(
      'error',
      hear,
    )
  })
  const producer = new Queue(OPERATION_QUEUE, {
    connection,
    prefix,
    defaultJobOptions: { attempts: 1, ...KEPT },
  }).on('error', hear)
  const close = async () => {
    try {
      // without Redis BullMQ would wait for it: jobs under way go on, and their results are not stored
      const away = await connection.ping().then(
        () => false,
        () => true,
      )
      await Promise.all(workers.map(one => one.close(away)))
      await producer.close()
    } finally {
      connection.disconnect() // BullMQ closes only its own connections
    }
  }
  try {
    await Promise.all([producer, ...workers].map(one => one.waitUntilReady()))
  } catch (error) {
    await close()
    throw error
  }
  connection.on('ready', () => outage.end())

  return {
    async perform(operation, input, by) {
      const events = new QueueEvents(OPERATION_QUEUE, { connection, prefix }).on('error', hear)
      try {
        await events.waitUntilReady()
        return await resultOf(await producer.add(operation, { v: 1, by, input }), events)
      } finally {
        await events.close()
      }
    },
    close,
  }
}

interface JobContext {
  readonly door: Door
  readonly handlers: JobHandlers
  /** The octets of the payload of a job. */
  payloadSize(id: string): Promise<number>
  /** Hears that the progress of a job was not stored. */
  failed(error: Error): void
}

/**
 * A job never runs again, whatever `attempts` a client chose: a wrong payload stays wrong, and no person is dialled
 * twice.
 */
async function perform(job: Job, context: JobContext): Promise<unknown> {
  const { door, handlers, failed } = context
  const progress = new JobProgress({ clock: systemClock, store: state => job.updateProgress({ ...state }), failed })
  try {
    if (door.jobs !== null && !door.jobs.includes(job.name))
      throw new InputError(`${door.queue}: there is no job '${job.name}'; allowed: ${door.jobs.join(', ')}`)
    const octets = await context.payloadSize(job.id!)
    if (octets > LARGEST_PAYLOAD) await job.updateData({}) // a failed job is kept for a week
    mustBeSmall(octets, LARGEST_PAYLOAD, 'payload', 'send a list in several jobs: lead.add')
    const { operation: name, input, by } = door.request(job.name, job.data)
    const operation = OPERATIONS.find(one => one.name === name)
    if (!operation) {
      const known = OPERATIONS.map(one => one.name).join(', ')
      throw new InputError(`${door.queue}: there is no operation '${name}'; allowed: ${known}`)
    }
    if (operation.needs === 'node') await mustBeFresh(job, door.queue, handlers.times)
    const show = (state: Progress) => progress.show(state)
    const answer = door.answer(await handlers.perform(operation, input, by ?? `job ${job.id}`, show))
    // what was changed is changed: its answer is no longer than its payload
    const size = operation.changes ? 0 : Buffer.byteLength(JSON.stringify(answer) ?? '')
    mustBeSmall(size, LARGEST_ANSWER, 'answer', 'ask for less at once: limit and after')
    return answer
  } catch (error) {
    throw new UnrecoverableError(
      error instanceof SwitchhookError ? door.failure(error) : error instanceof Error ? error.message : String(error),
    )
  } finally {
    await progress.end()
  }
}

function mustBeSmall(octets: number, most: number, what: string, instead: string): void {
  if (octets > most) throw new InputError(`the ${what} of this job has ${octets} octets; at most ${most}: ${instead}`)
}

async function mustBeFresh(job: Job, queue: string, times: ReadJobTimes): Promise<void> {
  const { since, forMs, clock } = ageOf(await times(queue, job.id!), {
    timestamp: job.timestamp,
    delay: job.opts.delay ?? 0,
  })
  if (forMs <= STALE_MS) return
  const when = `since ${new Date(since).toISOString()}, by the clock of ${clock}`
  throw new InputError(
    `no node took this job for ${Math.round(forMs / 1_000)} s (it could be taken ${when}); nothing was done`,
  )
}

/** Waits until a node takes the job, and then for its result: longer than any telephone may ring. */
async function resultOf(job: Job, events: QueueEvents): Promise<unknown> {
  const finished = async (withinMs: number): Promise<{ readonly output: unknown } | null> => {
    try {
      return { output: await job.waitUntilFinished(events, withinMs) }
    } catch (error) {
      if (await job.isFailed()) throw refusalOf(error as Error)
      if (await job.isCompleted()) throw error
      return null
    }
  }
  const soon = await finished(STALE_MS)
  if (soon) return soon.output
  if (await withdrawn(job)) {
    throw new SwitchhookError(
      'SERVICE',
      `no node took the job within ${STALE_MS / 1_000} s; nothing was done. Does a node with ROLES=dialer run?`,
    )
  }
  const later = await finished(LONGEST_MS)
  if (later) return later.output
  throw new SwitchhookError('SERVICE', `a node took job ${job.id} and did not report within ${LONGEST_MS / 1_000} s`)
}

/** The refusal of a failed job: 'NOT_FOUND: no queue is called …'. */
function refusalOf(error: Error): SwitchhookError {
  const [, code, message] = /^([A-Z_]+): ([^]*)$/.exec(error.message) ?? []
  const known = ERROR_CODES.find(one => one === code)
  return new SwitchhookError(known ?? ('SERVICE' satisfies ErrorCode), known ? message! : error.message, {
    cause: error,
  })
}

/**
 * Removes a job that no node has taken, and returns true. A job that a node takes at that moment is locked, and stays.
 */
async function withdrawn(job: Job): Promise<boolean> {
  if (!['waiting', 'delayed', 'prioritized'].includes(await job.getState())) return false
  return job.remove().then(
    () => true,
    async (error: Error) => {
      if (await job.isActive()) return false
      throw error
    },
  )
}
