/** How the switch reaches the listeners of applications: in memory, or over TCP in the demo; and how tests disturb it. */
import { connectTcp } from '../../esl/tcp.ts'
import type { Wire } from '../../esl/wire.ts'
import { memoryPair } from '../memory-wire.ts'

export type Accept = (wire: Wire) => void

export class Network {
  /** Who listens where, in memory: 'host:port' → gets the application's end of a new wire. */
  readonly listeners = new Map<string, Accept>()
  readonly #refused = new Set<string>()
  readonly #tcp: boolean
  #slice = 0

  constructor(tcp: boolean) {
    this.#tcp = tcp
  }

  /** The switch's end of a fresh connection; undefined when it is refused. */
  async connect(host: string, port: number): Promise<Wire | undefined> {
    const address = `${host}:${port}`
    if (this.#refused.has(address)) return undefined
    const accept = this.listeners.get(address)
    if (accept) {
      const [ours, theirs] = this.pair()
      // Handed over in a turn of its own: the switch must listen first.
      queueMicrotask(() => accept(theirs))
      return ours
    }
    if (!this.#tcp) return undefined
    try {
      return await connectTcp(host, port)
    } catch {
      // Refused, unreachable, too slow: for the switch that is one and the same, it tries the next host.
      return undefined
    }
  }

  pair(): [Wire, Wire] {
    return memoryPair({ slice: this.#slice })
  }

  accept(address: string, how: 'closes' | 'silent'): void {
    this.listeners.set(address, wire => {
      wire.listen({ data() {}, close() {} })
      if (how === 'closes') wire.end()
    })
  }

  refuse(address: string): void {
    this.#refused.add(address)
  }

  allow(address: string): void {
    this.#refused.delete(address)
  }

  /** Wires from now on deliver at most so many bytes at a time; 0 = as written. */
  slice(bytes: number): void {
    this.#slice = bytes
  }
}
