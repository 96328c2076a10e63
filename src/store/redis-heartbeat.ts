/**
 * Sends a ping on every link to Redis. When a host loses power, or a firewall drops a connection from its table, the
 * link stays open without data, by default for two hours. A link on which nothing was read is closed here, and its
 * client connects again. Used by store/redis.ts alone.
 */
import type { Clock, Timer } from '../base/clock.ts'

/** Between two pings. So a silent link is closed 2 to 4 s after its last octet. */
const ASKED_EVERY_MS = 2_000

/** The part of a client that is watched. */
export interface Link {
  /** The status of ioredis: 'connect' until the server has answered the first commands, then 'ready'. */
  readonly status: string
  /** The socket of this connection. */
  readonly stream: { readonly bytesRead: number; destroy(why: Error): unknown }
  on(event: 'connect' | 'close', listener: () => void): unknown
}

/**
 * Watches a client over all its connections. `question` sends the ping. `silentMs`, a multiple of ASKED_EVERY_MS: how
 * long a ready link may be silent; before it is ready it must answer within ASKED_EVERY_MS. All data read counts, not
 * only the answer to the ping.
 */
export function keepHeartbeat(
  link: Link,
  clock: Clock,
  question: () => Promise<unknown>,
  silentMs = ASKED_EVERY_MS,
): void {
  let timer: Timer | undefined
  link.on('connect', () => {
    timer?.cancel()
    const { stream } = link
    let [read, missed, asking] = [stream.bytesRead, 0, false]
    const hasNews = () => {
      if (stream.bytesRead === read) return false
      read = stream.bytesRead
      missed = 0
      return true
    }
    const ask = () => {
      timer = clock.after(ASKED_EVERY_MS, look)
      if (asking || link.status !== 'ready') return
      asking = true
      const answered = () => void (asking = false)
      question().then(answered, answered) // only read data counts; 'close' reports a lost link
    }
    const look = () => {
      const limit = link.status === 'ready' ? silentMs : ASKED_EVERY_MS
      if (hasNews() || ++missed * ASKED_EVERY_MS < limit) return ask()
      // One more turn: when this process itself stood still, answers wait in the socket, and Node runs timers first.
      timer = clock.after(0, () => {
        if (hasNews()) ask()
        else stream.destroy(new Error(`no data from Redis for ${limit} ms`))
      })
    }
    ask()
  })
  link.on('close', () => timer?.cancel())
}
