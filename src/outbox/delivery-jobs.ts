/**
 * Delivers events to webhooks and sinks: one job of BullMQ for each receiver that something can be sent to, so one
 * process sends to it at a time, and any process with the role desk takes it. PostgreSQL holds what is to be done and
 * when (store/event-targets.ts): a job that is lost, doubled or stalled changes nothing, for each process looks twice a
 * second.
 */
import { Queue, Worker } from 'bullmq'
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import { RETRY } from '../base/retry.ts'
import { dueTargets } from '../store/event-targets.ts'
import { openRedisClient, type RedisAddress } from '../store/redis.ts'
import { deliverTurn, type DeliverParts } from './deliver.ts'
import { sinkTurn, type Sink, type SinkParts } from './sink.ts'

const QUEUE = 'switchhook-events'
const LOOK_MS = 500
/** Receivers that one process sends to at the same time. */
const AT_ONCE = 8
/** A job ends after so long; the next look goes on. */
const LONGEST_MS = 20_000
const CLOSE_MS = 1_000

export interface DeliveryJobsParts extends DeliverParts, SinkParts {
  readonly redis: RedisAddress
  readonly sinks: readonly Sink[]
  /** Separates installations on one Redis. Default 'bull', BullMQ's own. */
  readonly prefix?: string | undefined
  readonly clock: Clock
  readonly log: Log
}

/** Opens the queue and its worker. Rejects when Redis cannot be reached. */
export async function openDeliveryJobs(parts: DeliveryJobsParts): Promise<AsyncDisposable> {
  const { redis, sinks, prefix = 'bull', sql, clock, log } = parts
  const outage = new Outage({ what: 'the delivery of events', fields: {}, clock, log })
  const hear = (error: Error) => outage.away(error.message)
  const connection = await openRedisClient(redis, { name: 'switchhook-events', log })
  const options = { connection, prefix }
  let isOver = false
  const turnOf = (name: string) => {
    const sink = sinks.find(one => one.name === name)
    return sink ? sinkTurn(sink, parts) : deliverTurn(name, parts)
  }
  const worker = new Worker<{ readonly v: 1; readonly target: string }>(
    QUEUE,
    async ({ data }) => {
      const began = clock.monotonic()
      while (!isOver && clock.monotonic() - began < LONGEST_MS && (await turnOf(data.target)));
    },
    {
      ...{ ...options, concurrency: AT_ONCE, maxStalledCount: 0, runRetryDelay: RETRY.jobWorker.pauseMs },
      ...{ removeOnComplete: { count: 0 }, removeOnFail: { count: 0 } },
    },
  ).on('error', hear)
  worker.on('failed', (_job, error) => hear(error))
  const queue = new Queue(QUEUE, options).on('error', hear)

  let next: Timer | null = null
  const look = async () => {
    try {
      for (const target of await dueTargets(sql, clock.now()))
        // a job of this id that is there already stays the only one
        await queue.add('deliver', { v: 1, target }, { jobId: `deliver-${target}`, attempts: 1 })
      outage.end()
    } catch (error) {
      hear(error as Error)
    }
    if (!isOver) next = clock.after(LOOK_MS, () => void look())
  }
  const close = async () => {
    isOver = true
    next?.cancel()
    try {
      const away = await connection.ping().then(
        () => false,
        () => true,
      )
      const closed = clock.after(CLOSE_MS, () => void worker.close(true))
      await worker.close(away)
      closed.cancel()
      await queue.close()
      await Promise.all(sinks.map(sink => sink.close()))
    } finally {
      connection.disconnect()
    }
  }
  try {
    await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()])
  } catch (error) {
    await close()
    throw error
  }
  void look()
  return { [Symbol.asyncDispose]: close }
}
