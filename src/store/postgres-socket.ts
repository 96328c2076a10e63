/** The socket of one connection to PostgreSQL. It is opened once; when it is lost, so is the connection. Used by store/sql.ts alone. */
import { connect, type Socket } from 'node:net'
import { SwitchhookError } from '../base/errors.ts'

/** What the driver says of where to go: hosts with their ports, or the path of a unix socket. */
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
   * Called by the driver: once for each host that the URL names, for it asks for the next one when `target_session_attrs` does not fit.
   * Rejects when none of them can be reached, and whenever the driver wants to connect again.
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
    this.#socket = Object.assign(socket, path ? {} : { host: host[at]! }) // the name that its certificate must have
    try {
      await connected(socket)
    } catch (error) {
      if (at + 1 < host.length) return this.open(hosts)
      throw error
    }
    return socket
  }

  /** At once, without a word to the server: it may be silent. */
  destroy(): void {
    this.#destroyed = true
    this.#socket?.destroy()
  }
}

/** Rejects when it fails, or is destroyed meanwhile. */
function connected(socket: Socket): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const closed = () => reject(new SwitchhookError('SERVICE', 'PostgreSQL was not reached'))
    socket.once('error', reject).once('close', closed)
    socket.once('connect', () => {
      socket.off('error', reject).off('close', closed)
      resolve()
    })
  })
}
