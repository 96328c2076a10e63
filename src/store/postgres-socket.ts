/**
 * The socket of one connection to PostgreSQL. It is opened once; when it is lost, the connection is lost. Used by
 * store/sql.ts alone.
 */
import { connect, type Socket } from 'node:net'
import { SwitchhookError } from '../base/errors.ts'

/** The addresses that the driver passes: hosts with their ports, or the path of a unix socket. */
export interface Hosts {
  readonly host: readonly string[]
  readonly port: readonly number[]
  readonly path: string | false
}

export class SocketOfOneConnection {
  #socket: Socket | null = null
  #tries = 0
  #destroyed = false

  /**
   * The driver calls this once for each host of the URL: it takes the next host when `target_session_attrs` does not
   * match. Rejects when no host is reachable, and whenever the driver tries to reconnect.
   */
  async open(hosts: Hosts): Promise<Socket> {
    const { host, port, path } = hosts
    const at = this.#tries++
    if (this.#destroyed || at >= host.length)
      throw new SwitchhookError('SERVICE', 'PostgreSQL has closed the connection')
    const socket = connect({
      ...(path ? { path } : { host: host[at]!, port: port[at]! }),
      keepAlive: true,
      noDelay: true,
    })
    this.#socket = Object.assign(socket, path ? {} : { host: host[at]! }) // the name in the server's certificate
    try {
      await connected(socket)
    } catch (error) {
      if (at + 1 < host.length) return this.open(hosts)
      throw error
    }
    return socket
  }

  /** Closes at once and sends nothing: the server may be silent. */
  destroy(): void {
    this.#destroyed = true
    this.#socket?.destroy()
  }
}

/** Resolves when the socket is connected; rejects when that fails or the socket is destroyed. */
function connected(socket: Socket): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const closed = () => reject(new SwitchhookError('SERVICE', 'PostgreSQL is unreachable'))
    socket.once('error', reject).once('close', closed)
    socket.once('connect', () => {
      socket.off('error', reject).off('close', closed)
      resolve()
    })
  })
}
