/**
 * The door for other systems: queues of BullMQ on our Redis, for any BullMQ client in any language. Prefix `bull`.
 *
 *   queue 'switchhook-operations'  the name of the job is that of an operation (docs/operations.md)
 *       { "v": 1, "by"?: "crm", "input": { "name": "sales", "strategy": "random" } }
 *       The result is the output of the operation. Jobs run at the same time: wait for the result of one when the next
 *       depends on it. `by` stands in the audit row. A refusal fails the job; its message begins with the code:
 *       'NOT_FOUND: no queue is called …'.
 *
 *   queue 'switchhook-campaigns'   job 'start', 'pause' or 'stop': short for campaign.start, .pause and .stop
 *       { "v": 1, "campaign": "spring" }
 *       The result is { "campaign", "state" }. A campaign that has the state already keeps it: a duplicate job does no
 *       harm.
 *
 *   queue 'switchhook-dial'        job 'click-to-dial': short for call.dial
 *       { "v": 1, "extension": "1001", "customer": "+493012345",
 *         "crmuuid"?: string, "product_code"?: string, "call_type"?: string }
 *       The ids pass unread into the call's record and into every event of the call. Allowed in them are letters,
 *       digits and _ . : @ + / = -.
 *       The result is { "uuid" } of the agent's call. The job is done when the agent's telephone rings. It fails, with
 *       the outcome and FreeSWITCH's cause, when the telephone cannot be reached. The call's row has the ids in both
 *       cases.
 *
 * `v` grows when a payload changes its meaning; 1 stays supported. A payload that cannot be used fails its job with a
 * message that names every fault. A job is a command and holds no state: the state is in PostgreSQL. A job runs once:
 * it is not retried when it fails or when its node dies, whatever `attempts` says, because no person may be called
 * twice. A job about a live call (an operation that needs a node) that has waited for longer than 30 s (no node was
 * available) fails: nobody expects it any more. The wait counts from when the job could first be taken (BullMQ's
 * `delay` has passed), by Redis's clock and not by the client's: job-age.ts.
 */
import { Queue, QueueEvents, UnrecoverableError, Worker, type Job } from 'bullmq'
import { z } from 'zod'
import { systemClock } from '../base/clock.ts'
import { ERROR_CODES, InputError, SwitchhookError, type ErrorCode } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import { readInput } from '../base/parsed.ts'
import { RETRY } from '../base/retry.ts'
import { OPERATIONS } from '../operations/all.ts'
import type { Operation } from '../operations/operation.ts'
import { openRedisClient, type RedisAddress } from '../store/redis.ts'
import { ageOf, type ReadJobTimes } from './job-age.ts'

export const OPERATION_QUEUE = 'switchhook-operations'
export const CAMPAIGN_QUEUE = 'switchhook-campaigns'
export const DIAL_QUEUE = 'switchhook-dial'

/** What a job asks for. */
interface Request {
  readonly operation: string
  readonly input: unknown
  readonly by?: string | undefined
}

/** One queue: how its jobs are read, and what their result and their failure are. */
interface Door {
  readonly queue: string
  /** BullMQ's names of the jobs; null: those of the operations. */
  readonly jobs: readonly string[] | null
  /** Jobs at the same time on one node. With 1 they run in their order. */
  readonly concurrency: number
  request(job: string, payload: unknown): Request
  answer(output: unknown): unknown
  failure(error: SwitchhookError): string
}

const Payload = z.strictObject({
  v: z.literal(1),
  by: z.string().min(1).max(100).optional(),
  input: z.record(z.string(), z.unknown()).default({}),
})
const CampaignPayload = z.strictObject({ v: z.literal(1), campaign: z.string().min(1) })
const DialPayload = z.looseObject({ v: z.literal(1) })

const DOORS: readonly Door[] = [
  {
    queue: OPERATION_QUEUE,
    jobs: null,
    concurrency: 50,
    request: (operation, payload) => ({ operation, ...readInput(Payload, payload) }),
    answer: output => output,
    failure: ({ code, message }) => `${code}: ${message}`,
  },
  {
    queue: CAMPAIGN_QUEUE,
    jobs: ['start', 'pause', 'stop'],
    concurrency: 1,
    request: (command, payload) => ({
      operation: `campaign.${command}`,
      input: { name: readInput(CampaignPayload, payload).campaign },
    }),
    answer: output => {
      const { campaign, state } = output as { campaign: string; state: string }
      return { campaign, state }
    },
    failure: ({ message }) => message,
  },
  {
    queue: DIAL_QUEUE,
    jobs: ['click-to-dial'],
    concurrency: 50,
    request(_, payload) {
      const { v: _v, product_code: productCode, call_type: callType, ...input } = readInput(DialPayload, payload)
      const ids = { ...(productCode !== undefined && { productCode }), ...(callType !== undefined && { callType }) }
      return { operation: 'call.dial', input: { ...input, ...ids } }
    },
    answer: output => ({ uuid: (output as { uuid: string }).uuid }),
    failure: ({ message }) => message,
  },
]

/** A job about a live call that waits longer than this fails; the head of this file has the reason. */
const STALE_MS = 30_000
/** RING_FOR is 120 s at most; FreeSWITCH has the remaining time to report the outcome. */
const LONGEST_MS = 150_000

interface JobHandlers {
  /** When a job was added, and Redis's time now: jobTimes, over the same Redis and prefix. */
  times: ReadJobTimes
  /** Performs an operation for this person or system; rejects as operations/perform.ts does. */
  perform(operation: Operation, input: unknown, by: string): Promise<unknown>
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
    return new Worker(door.queue, job => perform(job, door, handlers!), options).on('error', hear)
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

/**
 * A job never runs again, whatever `attempts` a client chose: a wrong payload stays wrong, and no person is dialled
 * twice.
 */
async function perform(job: Job, door: Door, handlers: JobHandlers): Promise<unknown> {
  try {
    if (door.jobs !== null && !door.jobs.includes(job.name))
      throw new InputError(`${door.queue}: there is no job '${job.name}'; allowed: ${door.jobs.join(', ')}`)
    const { operation: name, input, by } = door.request(job.name, job.data)
    const operation = OPERATIONS.find(one => one.name === name)
    if (!operation) {
      const known = OPERATIONS.map(one => one.name).join(', ')
      throw new InputError(`${door.queue}: there is no operation '${name}'; allowed: ${known}`)
    }
    if (operation.needs === 'node') await mustBeFresh(job, door.queue, handlers.times)
    return door.answer(await handlers.perform(operation, input, by ?? `job ${job.id}`))
  } catch (error) {
    throw new UnrecoverableError(
      error instanceof SwitchhookError ? door.failure(error) : error instanceof Error ? error.message : String(error),
    )
  }
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
