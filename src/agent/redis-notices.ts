/**
 * Notices of changes from one Redis channel. Redis drops a message that has no subscriber. So every listener receives
 * `resync` first, and again after each interruption of the connection. The subscription counts only when Redis has
 * answered SUBSCRIBE on the new connection. Used by the rosters, the queue store and the dialers' wakeup.
 */
import type { RedisClient } from '../store/redis.ts'

export class RedisNotices<Notice extends { readonly what: string }> {
  readonly #subscriber: RedisClient
  readonly #channel: string
  readonly #read: (message: unknown) => Notice | null
  readonly #listeners = new Set<(notice: Notice | { what: 'resync' }) => void>()
  #started = false
  #live = false

  /**
   * Channels whose notices must arrive in one order must share one subscriber. The first `on` subscribes. `read` checks
   * a parsed message: null skips one that this version does not know.
   */
  constructor(subscriber: RedisClient, channel: string, read: (message: unknown) => Notice | null) {
    this.#subscriber = subscriber
    this.#channel = channel
    this.#read = read
  }

  on(listener: (notice: Notice | { what: 'resync' }) => void): Disposable {
    this.#listeners.add(listener)
    if (!this.#started) this.#start()
    else if (this.#live) queueMicrotask(() => this.#listeners.has(listener) && listener({ what: 'resync' }))
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  #start(): void {
    this.#started = true
    this.#subscriber.on('message', (channel: string, message: string) => {
      if (channel !== this.#channel) return
      const what = parsed(message)
      const notice = isResync(what) ? { what: 'resync' as const } : this.#read(what)
      if (notice) this.#tell(notice)
    })
    this.#subscriber.on('ready', () => this.#subscribe())
    this.#subscriber.on('close', () => void (this.#live = false))
    if (this.#subscriber.status === 'ready') this.#subscribe()
  }

  #subscribe(): void {
    const subscribed = () => {
      this.#live = true
      this.#tell({ what: 'resync' })
    }
    // When the connection breaks meanwhile, 'ready' follows and subscribes again; the client itself logs why it broke.
    this.#subscriber.subscribe(this.#channel).then(subscribed, () => void (this.#live = false))
  }

  #tell(notice: Notice | { what: 'resync' }): void {
    for (const listener of [...this.#listeners]) listener(notice)
  }
}

const isResync = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'what' in message && message.what === 'resync'

/** Undefined for what is not JSON: some other program uses the channel. */
function parsed(message: string): unknown {
  try {
    return JSON.parse(message)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
