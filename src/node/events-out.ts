/** What a process with the role desk does with the events of all processes: it follows them, and delivers them. */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { Scope } from '../base/scope.ts'
import type { StoreParts } from '../operations/operation.ts'
import { AllowedTargets } from '../outbox/allowed-target.ts'
import { openDeliveryJobs } from '../outbox/delivery-jobs.ts'
import { Feed } from '../outbox/feed.ts'
import { Poster } from '../outbox/post.ts'
import { addSink, type Sink } from '../outbox/sink.ts'
import { amqpSink } from '../outbox/sinks/amqp.ts'
import { natsSink } from '../outbox/sinks/nats.ts'
import { redisStream } from '../outbox/sinks/redis-stream.ts'
import type { Stores } from './stores.ts'

export interface EventsOutOptions {
  readonly stores: Stores
  readonly eventsOut: StoreParts['eventsOut']
  /** The settings EVENTS_TO and EVENTS_NUMBERS. */
  readonly eventsTo: readonly string[]
  readonly eventsNumbers: boolean
  readonly clock: Clock
  readonly log: Log
}

export interface EventsOut extends AsyncDisposable {
  readonly feed: Feed
}

/** Rejects when a store cannot be reached. */
export async function openEventsOut(options: EventsOutOptions): Promise<EventsOut> {
  const { stores, eventsOut, eventsTo, eventsNumbers, clock, log } = options
  const { sql, home, redis, outbox } = stores
  const scope = new Scope()
  try {
    const poster = new Poster(new AllowedTargets(eventsOut.allow), clock)
    scope.defer(() => poster[Symbol.dispose]())
    const sinkOf = (url: string): Sink => {
      if (url === 'redis') return redisStream(home.commands)
      return url.startsWith('nats') ? natsSink(url, clock) : amqpSink(url, clock)
    }
    const sinks = eventsTo.map(sinkOf)
    const parts = { sql, source: eventsOut.source, seesNumbers: eventsNumbers, clock, log }
    for (const sink of sinks) await addSink(sink, parts)
    const post: Poster['post'] = (...asked) => poster.post(...asked)
    scope.use(await openDeliveryJobs({ ...parts, redis, sinks, post }))
    const feed = new Feed({ sql, outbox, clock, log })
    scope.defer(() => feed[Symbol.dispose]())
    return { feed, [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose]() }
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}
