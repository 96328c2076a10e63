/**
 * Every link to Redis is asked for a sign of life. A host that lost its power, or a firewall that forgot a connection, tells nobody: the
 * link stays open and nothing comes, by default for two hours. A link on which nothing was read is broken here; its client connects again.
 */
import type { Clock, Timer } from '../base/clock.ts'

/** Between two questions. So a silent link is broken 2 to 4 s after its last octet. */
export const ASKED_EVERY_MS = 2_000

/** What is watched of a client. */
export interface Link {
  /** Of ioredis: 'connect' until the server has answered the first questions, then 'ready'. */
  readonly status: string
  /** The socket of this connection. */
  readonly stream: { readonly bytesRead: number; destroy(why: Error): unknown }
  on(event: 'connect' | 'close', listener: () => void): unknown
}

/**
 * Watches a client for as long as it lives, over all its connections. `question` is what Redis is asked. `silentMs`, a multiple of
 * ASKED_EVERY_MS: so long a link may be silent once it is ready; before that it must answer within ASKED_EVERY_MS. Whatever is read counts,
 * not only the answer to the question.
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
      question().then(answered, answered) // what counts is what was read; a link that is broken is told by 'close'
    }
    const look = () => {
      const limit = link.status === 'ready' ? silentMs : ASKED_EVERY_MS
      if (hasNews() || ++missed * ASKED_EVERY_MS < limit) return ask()
      // One more turn: when this process itself stood still, answers wait in the socket, and timers come before sockets.
      timer = clock.after(0, () => {
        if (hasNews()) ask()
        else stream.destroy(new Error(`Redis has said nothing for ${limit} ms`))
      })
    }
    ask()
  })
  link.on('close', () => timer?.cancel())
}
