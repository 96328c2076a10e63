/**
 * Notices of changes from one Redis channel. Redis forgets a message when nobody listens, so whoever listens first hears `resync`,
 * and again after every time the link was down: subscribed is certain only once SUBSCRIBE has been answered on the new link.
 */
import type { RedisClient } from '../store/redis.ts'

export class RedisNotices<Notice extends { readonly what: string }> {
  readonly #subscriber: RedisClient
  readonly #channel: string
  readonly #listeners = new Set<(notice: Notice | { what: 'resync' }) => void>()
  #started = false
  #live = false

  /** Channels whose order matters to each other must share one subscriber. Nothing happens before the first `on`. */
  constructor(subscriber: RedisClient, channel: string) {
    this.#subscriber = subscriber
    this.#channel = channel
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
      if (channel === this.#channel) this.#tell(JSON.parse(message) as Notice)
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
    // A link that breaks meanwhile comes back with 'ready', and we with it; the client itself logs why it broke.
    this.#subscriber.subscribe(this.#channel).then(subscribed, () => void (this.#live = false))
  }

  #tell(notice: Notice | { what: 'resync' }): void {
    for (const listener of [...this.#listeners]) listener(notice)
  }
}
