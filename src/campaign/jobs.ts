/**
 * The interface for supervisors and CRMs: two BullMQ queues on Switchhook's Redis, for any BullMQ client in any
 * language. Prefix 'bull'.
 *
 *   queue 'switchhook-campaigns'   job 'start', 'pause' or 'stop'
 *       { "v": 1, "campaign": "spring" }
 *       The result is { "campaign", "state" }. A campaign that has the state already keeps it: a duplicate job does no
 *       harm.
 *
 *   queue 'switchhook-dial'        job 'click-to-dial': the agent's phone rings first, then the customer's
 *       { "v": 1, "extension": "1001", "customer": "+493012345",
 *         "crmuuid"?: string, "product_code"?: string, "call_type"?: string }
 *       The ids pass unread into the call's record and into every event of the call. Allowed in them are letters,
 *       digits and _ . : @ + / = -.
 *       The result is { "uuid" } of the agent's call. The job is done when the agent's telephone rings. It fails, with
 *       the outcome and FreeSWITCH's cause, when the telephone cannot be reached. The call's row has the ids in both
 *       cases.
 *
 * `v` grows when a payload changes its meaning; 1 stays supported. A payload that cannot be used fails its job with a
 * message that names every fault. A job is a command and holds no state: the state is in PostgreSQL. A dial job runs
 * once: it is not retried when it fails or when its node dies, whatever `attempts` says, because no person may be
 * called twice. A dial job that has waited for longer than 30 s (no node was available) fails: the agent no longer
 * expects a call. The wait counts from when the job could first be taken (BullMQ's `delay` has passed), by Redis's
 * clock and not by the client's: job-age.ts.
 */
import { Queue, QueueEvents, UnrecoverableError, Worker, type Job } from 'bullmq'
import { z } from 'zod'
import { systemClock } from '../base/clock.ts'
import { InputError, SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import { RETRY } from '../base/retry.ts'
import { dial, ident, varValue } from '../esl/safe-text.ts'
import { openRedisClient, type RedisAddress } from '../store/redis.ts'
import type { CampaignCommand } from './campaign.ts'
import { ageOf, type ReadJobTimes } from './job-age.ts'

export const CAMPAIGN_QUEUE = 'switchhook-campaigns'
export const DIAL_QUEUE = 'switchhook-dial'

/**
 * A payload field with a parser of safe-text.ts: text that the parser refuses is a fault of the payload, with the
 * parser's message.
 */
const as = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context): T => {
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      context.addIssue({ code: 'custom', message: error.message })
      return z.NEVER
    }
  })
const crmId = as(text => String(varValue(text))).optional()

const CampaignJob = z.strictObject({ v: z.literal(1), campaign: z.string().min(1) })
const DialJob = z.strictObject({
  v: z.literal(1),
  extension: as(ident),
  customer: as(dial),
  crmuuid: crmId,
  product_code: crmId,
  call_type: crmId,
})
const COMMAND_NAMES = ['start', 'pause', 'stop'] as const satisfies readonly CampaignCommand[]
const CLICK_TO_DIAL = 'click-to-dial'

export type ClickToDial = Omit<z.output<typeof DialJob>, 'v'>

/** A dial job that waits longer than this fails; the head of this file has the reason. */
const STALE_MS = 30_000
/** RING_FOR is 120 s at most; FreeSWITCH has the remaining time to report the outcome. */
const LONGEST_MS = 150_000

interface JobHandlers {
  /** When a job was added, and Redis's time now: jobTimes, over the same Redis and prefix. */
  times: ReadJobTimes
  /** Writes the new state to the database and wakes the owner, no more. */
  campaign(command: CampaignCommand, name: string): Promise<{ state: string }>
  /**
   * Resolves with the uuid of the agent's call when the telephone rings; rejects with the message for the agent who
   * asked for the call.
   */
  clickToDial(request: ClickToDial): Promise<{ uuid: string }>
}

export interface JobsOptions {
  redis: RedisAddress
  log: Log
  /** Separates installations on one Redis. Default 'bull', BullMQ's own. */
  prefix?: string | undefined
  /** Without handlers jobs are only enqueued, for a supervisor's commands. */
  handlers?: JobHandlers | undefined
}

/** Completed jobs are kept for an hour, failed jobs for a week; BullMQ's default keeps all jobs for ever. */
const KEPT = { removeOnComplete: { count: 1_000, age: 3_600 }, removeOnFail: { age: 7 * 86_400 } } as const

export interface Jobs {
  /**
   * Returns the job's id. Rejects when Redis is unavailable, and with InputError for a payload that no node would
   * accept.
   */
  campaign(command: CampaignCommand, name: string): Promise<string>
  clickToDial(request: z.input<typeof DialJob> extends infer Payload ? Omit<Payload, 'v'> : never): Promise<string>
  /**
   * Waits for a click-to-dial job: resolves when the agent's telephone rings. Rejects with NOT_REACHED and the job's
   * message when it failed, and when no node took it within 30 s: the job is removed then, and no person is called.
   */
  rings(job: string): Promise<{ uuid: string }>
  /** Takes no more jobs, and waits for the jobs under way. */
  close(): Promise<void>
}

/**
 * Resolves when both queues can be reached. BullMQ opens no connections of its own: the connection that it gets fails
 * at once, or after 1 s of silence, and reconnects. The two on which workers wait are made from it with `duplicate()`
 * and behave alike.
 */
export async function openJobs({ redis, log, prefix = 'bull', handlers }: JobsOptions): Promise<Jobs> {
  // without an error listener BullMQ throws; the client reconnects by itself. Each connection reports each attempt: one
  // Outage for all
  const outage = new Outage({
    what: 'the connection of the job queues',
    fields: { queues: [CAMPAIGN_QUEUE, DIAL_QUEUE] },
    clock: systemClock,
    log,
  })
  const hear = (error: Error) => outage.away(error.message)
  const connection = await openRedisClient(redis, { name: 'switchhook-jobs', log })
  const producer = (name: string) =>
    new Queue(name, { connection, prefix, defaultJobOptions: { attempts: 1, ...KEPT } }).on('error', hear)
  const worker = (
    name: string,
    handle: (job: Job) => Promise<unknown>,
    once: { maxStartedAttempts?: number; concurrency?: number },
  ) => {
    const options = { connection, prefix, maxStalledCount: 0, runRetryDelay: RETRY.jobWorker.pauseMs, ...KEPT, ...once }
    return new Worker(name, job => onlyOnce(job, handle), options).on('error', hear)
  }

  const queues = { campaigns: producer(CAMPAIGN_QUEUE), dial: producer(DIAL_QUEUE) }
  const workers = handlers
    ? [
        worker(CAMPAIGN_QUEUE, job => campaignJob(job, handlers), {}),
        worker(DIAL_QUEUE, job => dialJob(job, handlers), { maxStartedAttempts: 1, concurrency: 50 }),
      ]
    : []
  const all = [...workers, ...Object.values(queues)]
  const close = async () => {
    try {
      // without Redis BullMQ would wait for it: jobs under way go on, and their results are not stored
      const away = await connection.ping().then(
        () => false,
        () => true,
      )
      await Promise.all(workers.map(one => one.close(away)))
      await Promise.all(Object.values(queues).map(one => one.close()))
    } finally {
      connection.disconnect() // BullMQ closes only its own connections
    }
  }
  try {
    await Promise.all(all.map(one => one.waitUntilReady()))
  } catch (error) {
    await close()
    throw error
  }
  connection.on('ready', () => outage.end())

  return {
    campaign: async (command, name) => add(queues.campaigns, command, checked(CampaignJob, { v: 1, campaign: name })),
    clickToDial: async request => add(queues.dial, CLICK_TO_DIAL, checked(DialJob, { v: 1, ...request })),
    async rings(id) {
      const events = new QueueEvents(DIAL_QUEUE, { connection, prefix }).on('error', hear)
      try {
        await events.waitUntilReady()
        return await resultOf(queues.dial, events, id)
      } finally {
        await events.close()
      }
    },
    close,
  }
}

async function add(queue: Queue, name: string, payload: object): Promise<string> {
  const job = await queue.add(name, payload)
  return job.id!
}

/**
 * A job never runs again, whatever `attempts` a client chose: a wrong payload stays wrong, and no person is dialled
 * twice.
 */
async function onlyOnce(job: Job, handle: (job: Job) => Promise<unknown>): Promise<unknown> {
  try {
    return await handle(job)
  } catch (error) {
    throw new UnrecoverableError(error instanceof Error ? error.message : String(error))
  }
}

async function campaignJob(job: Job, handlers: JobHandlers): Promise<{ campaign: string; state: string }> {
  const command = COMMAND_NAMES.find(name => name === job.name)
  if (!command)
    throw new InputError(`${CAMPAIGN_QUEUE}: there is no job '${job.name}'; allowed: ${COMMAND_NAMES.join(', ')}`)
  const { campaign } = checked(CampaignJob, job.data)
  const { state } = await handlers.campaign(command, campaign)
  return { campaign, state }
}

async function dialJob(job: Job, handlers: JobHandlers): Promise<{ uuid: string }> {
  if (job.name !== CLICK_TO_DIAL)
    throw new InputError(`${DIAL_QUEUE}: there is no job '${job.name}'; allowed: ${CLICK_TO_DIAL}`)
  const { since, forMs, clock } = ageOf(await handlers.times(DIAL_QUEUE, job.id!), {
    timestamp: job.timestamp,
    delay: job.opts.delay ?? 0,
  })
  if (forMs > STALE_MS) {
    const when = `since ${new Date(since).toISOString()}, by the clock of ${clock}`
    throw new InputError(
      `no node took this job for ${Math.round(forMs / 1_000)} s (it could be taken ${when}); no person is called`,
    )
  }
  const { v: _, ...request } = checked(DialJob, job.data)
  return handlers.clickToDial(request)
}

/** Waits until a node takes the job, and then for its result: longer than any telephone may ring. */
async function resultOf(queue: Queue, events: QueueEvents, id: string): Promise<{ uuid: string }> {
  const job: Job | undefined = await queue.getJob(id)
  if (!job) throw new SwitchhookError('NOT_REACHED', `there is no job ${id} in ${DIAL_QUEUE}`)
  const finished = async (withinMs: number): Promise<{ uuid: string } | null> => {
    try {
      return (await job.waitUntilFinished(events, withinMs)) as { uuid: string }
    } catch (error) {
      if (await job.isFailed()) throw new SwitchhookError('NOT_REACHED', (error as Error).message, { cause: error })
      if (await job.isCompleted()) throw error
      return null
    }
  }
  const soon = await finished(STALE_MS)
  if (soon) return soon
  if (await withdrawn(job)) {
    throw new SwitchhookError(
      'NOT_REACHED',
      `no node took the job within ${STALE_MS / 1_000} s; no person is called. Does a node with ROLES=dialer run?`,
    )
  }
  const later = await finished(LONGEST_MS)
  if (later) return later
  throw new SwitchhookError(
    'NOT_REACHED',
    `a node took job ${id} and did not report within ${LONGEST_MS / 1_000} s whether the telephone rings`,
  )
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

function checked<T>(schema: z.ZodType<T>, payload: unknown): T {
  const read = schema.safeParse(payload)
  if (read.success) return read.data
  throw new InputError(`the payload cannot be used:\n${z.prettifyError(read.error)}`)
}
