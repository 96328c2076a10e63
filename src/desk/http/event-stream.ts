/**
 * `GET /v1/events` with `Accept: text/event-stream`: events as they happen, as server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html). `id` is the number of the event: who connects again
 * with `Last-Event-ID` misses none. A line of comment every 15 s is the sign of life.
 */
import type { Context } from 'hono'
import type { Clock, Timer } from '../../base/clock.ts'
import { InputError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { cloudEvent, isWanted } from '../../events/envelope.ts'
import type { Feed } from '../../outbox/feed.ts'
import { DoorError } from './problems.ts'

/** Streams of one process. */
const MOST = 200
const HEARTBEAT_MS = 15_000
/** How long a stream may go on after its key was revoked. */
const CHECK_MS = 30_000
/** Octets that wait for a slow reader; then nothing more is read for it, until it has read. */
const AHEAD = 64 * 1024

interface Parts {
  readonly feed: Pick<Feed, 'last' | 'after' | 'changed'>
  readonly source: string
  readonly clock: Clock
  readonly log: Log
}

interface Wish {
  /** The number of the last event that the client has; null: it wants those from now on. */
  readonly after: number | null
  readonly types: readonly string[]
  readonly subject?: string | undefined
  readonly seesNumbers: boolean
}

/** The client wants events as they happen, and not a page of them. */
export const wantsStream = (c: Context): boolean => c.req.header('accept')?.includes('text/event-stream') === true

export class EventStream implements Disposable {
  readonly #parts: Parts
  readonly #streams = new Set<AbortController>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Throws InputError for a wrong Last-Event-ID, DoorError when there are too many streams. */
  answer(
    c: Context,
    { after, ...wish }: Pick<Wish, 'types' | 'subject'> & { readonly after?: number | undefined },
    { seesNumbers, mayGoOn }: Pick<Wish, 'seesNumbers'> & { mayGoOn(): Promise<boolean> },
  ): Response {
    const over = new AbortController()
    const last = lastOf(c.req.header('last-event-id') ?? '') ?? after ?? null
    const body = this.#open({ ...wish, after: last, seesNumbers }, over)
    let timer: Timer
    const checkLater = () => {
      const check = async () => ((await mayGoOn()) ? checkLater() : over.abort())
      timer = this.#parts.clock.after(CHECK_MS, () => void (over.signal.aborted || check()))
    }
    checkLater()
    over.signal.addEventListener('abort', () => timer.cancel())
    return c.body(body, 200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
  }

  /** Aborting `over` ends the stream; it is aborted when the client has gone. */
  #open(wish: Wish, over: AbortController): ReadableStream<Uint8Array> {
    const { feed, clock, log } = this.#parts
    if (this.#streams.size >= MOST)
      throw new DoorError('TOO_BUSY', `this process serves ${MOST} streams at a time`, { 'retry-after': '5' })
    this.#streams.add(over)
    const { signal } = over
    signal.addEventListener('abort', () => this.#streams.delete(over))
    const text = new TextEncoder()
    let seq = wish.after ?? feed.last ?? 0
    return new ReadableStream<Uint8Array>(
      {
        start: out => out.enqueue(text.encode('retry: 2000\n\n')),
        // called when the reader has room: a slow reader holds up nobody
        pull: async out => {
          try {
            for (;;) {
              const events = await feed.after(seq)
              seq = events.at(-1)?.seq ?? seq
              const said = events.filter(event => this.#isWanted(event, wish)).map(event => this.#lines(event, wish))
              if (said.length > 0) return void out.enqueue(text.encode(said.join('')))
              if (events.length > 0) continue
              const alive = await waited(clock, stop => feed.changed(seq, stop), signal)
              if (signal.aborted) return closed(out)
              if (!alive) return void out.enqueue(text.encode(': alive\n\n'))
            }
          } catch (error) {
            log.debug({ error: (error as Error).message }, 'a stream of events ended: its client connects again')
            over.abort()
            closed(out)
          }
        },
        cancel: () => over.abort(),
      },
      { highWaterMark: AHEAD, size: chunk => chunk?.byteLength ?? 1 },
    )
  }

  /** Ends all streams: their clients connect again, to this process or to another one. */
  [Symbol.dispose](): void {
    for (const stream of this.#streams) stream.abort()
  }

  #isWanted({ type, subject }: { readonly type: string; readonly subject: string }, wish: Wish): boolean {
    return isWanted(type, wish.types) && (wish.subject === undefined || wish.subject === subject)
  }

  #lines(event: Parameters<typeof cloudEvent>[0], { seesNumbers }: Wish): string {
    const data = JSON.stringify(cloudEvent(event, this.#parts.source, seesNumbers))
    return `id: ${event.seq}\nevent: ${event.type}\ndata: ${data}\n\n`
  }
}

function lastOf(id: string): number | null {
  if (id === '') return null
  if (/^\d{1,15}$/.test(id)) return Number(id)
  throw new InputError(`Last-Event-ID is not the number of an event: ${id.slice(0, 40)}`)
}

/** False after HEARTBEAT_MS without news. */
async function waited(clock: Clock, news: (stop: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<boolean> {
  const stop = new AbortController()
  let isAlive = true
  const timer = clock.after(HEARTBEAT_MS, () => {
    isAlive = false
    stop.abort()
  })
  await news(AbortSignal.any([signal, stop.signal]))
  timer.cancel()
  return isAlive
}

function closed(out: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    out.close()
  } catch {
    // the reader has cancelled it
  }
}
