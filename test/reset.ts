/** Breaks connections, as a host that dies does: the peer receives RST. */
import type { Socket } from 'node:net'

/**
 * RST to the peer; a unix socket has none. A connection whose FIN is not sent yet is destroyed instead: libuv refuses
 * to reset it (EINVAL), and Node then neither closes it nor ends the process (measured with 20.20).
 */
export function reset(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished
  if (isEnding || socket.remoteAddress === undefined) socket.destroy()
  else socket.resetAndDestroy()
}
