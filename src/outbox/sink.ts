/**
 * A sink: a message queue of the setting EVENTS_TO, which gets every event. One process sends at a time; all events up
 * to the position of the sink are sent, and a process that dies sends the last ones again: at least once, in order.
 */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { cloudEvent, type CloudEvent } from '../events/envelope.ts'
import { addTarget, saveTurn, targetNamed } from '../store/event-targets.ts'
import { eventsAfter } from '../store/events.ts'
import type { Sql } from '../store/sql.ts'
import { DOWN_AFTER, nextProbe } from './retry-plan.ts'

/** Events that a broker confirms together. */
const AT_ONCE = 200

interface SinkMessage {
  /** Of the event in the catalogue: the routing key, the end of the subject. */
  readonly name: string
  readonly event: CloudEvent
  readonly seq: number
}

export interface Sink {
  /** Of its row: 'sink.redis'. */
  readonly name: string
  /** Resolves when the broker has all of them. An event that it has already counts as sent. */
  publish(messages: readonly SinkMessage[]): Promise<void>
  close(): Promise<void>
}

export interface SinkParts {
  readonly sql: Sql
  /** The setting EVENTS_SOURCE. */
  readonly source: string
  /** The setting EVENTS_NUMBERS. */
  readonly seesNumbers: boolean
  readonly clock: Clock
  readonly log: Log
}

/** A new sink gets the events from now on. */
export async function addSink({ name }: Pick<Sink, 'name'>, { sql, seesNumbers, clock }: SinkParts): Promise<void> {
  await addTarget(sql, {
    ...{ name, url: null, types: [], seesNumbers, secret: null, createdBy: 'EVENTS_TO' },
    now: clock.now(),
  })
}

/** Resolves with true when there may be more to do at once. Rejects when PostgreSQL is unavailable. */
export async function sinkTurn(sink: Sink, { sql, source, seesNumbers, clock, log }: SinkParts): Promise<boolean> {
  const target = await targetNamed(sql, sink.name)
  if (target?.state !== 'active' || target.nextAt.getTime() > clock.now()) return false
  const { position: from, failures: before } = target
  const events = await eventsAfter(sql, from, AT_ONCE)
  const position = events.at(-1)?.seq
  if (position === undefined) return false
  const still = { rows: [], from, isGone: false, isBack: false }
  try {
    await sink.publish(
      events.map(event => ({ name: event.type, seq: event.seq, event: cloudEvent(event, source, seesNumbers) })),
    )
  } catch (thrown) {
    const error = (thrown as Error).message
    const failures = Math.max(DOWN_AFTER, before + 1) // a broker is up or down: nothing depends on the event
    if (before === 0) log.warn({ sink: sink.name, error }, 'the broker of a sink is down; its events wait')
    const nextAt = clock.now() + nextProbe(failures, null, Math.random())
    await saveTurn(sql, sink.name, { ...still, position: from, failures, nextAt, error })
    return false
  }
  if (before > 0) log.info({ sink: sink.name }, 'the broker of a sink is back')
  const done = { ...still, position, failures: 0, nextAt: clock.now(), error: null }
  return (await saveTurn(sql, sink.name, done)) && events.length === AT_ONCE
}
