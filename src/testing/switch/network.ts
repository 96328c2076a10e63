/** FreeSWITCH's connections to the listeners of nodes: in memory, or over TCP in the demo. Tests can disturb them. */
import { connectTcp } from '../../esl/tcp.ts'
import type { Wire } from '../../esl/wire.ts'
import { memoryPair } from '../memory-wire.ts'

export type Accept = (wire: Wire) => void

export class Network {
  /** Listeners in memory: 'host:port' → function that receives the node's end of a new connection. */
  readonly listeners = new Map<string, Accept>()
  readonly #refused = new Set<string>()
  readonly #tcp: boolean
  #slice = 0

  constructor(tcp: boolean) {
    this.#tcp = tcp
  }

  /** FreeSWITCH's end of a new connection; undefined when it is refused. */
  async connect(host: string, port: number): Promise<Wire | undefined> {
    const address = `${host}:${port}`
    if (this.#refused.has(address)) return undefined
    const accept = this.listeners.get(address)
    if (accept) {
      const [ours, theirs] = this.pair()
      // Handed over in a microtask: FreeSWITCH's end must listen first.
      queueMicrotask(() => accept(theirs))
      return ours
    }
    if (!this.#tcp) return undefined
    try {
      return await connectTcp(host, port)
    } catch {
      // Refused, unreachable or too slow: FreeSWITCH tries the next host in each case.
      return undefined
    }
  }

  /** True when a connection to 'host:port' in memory would be accepted. */
  accepts(address: string): boolean {
    return this.listeners.has(address) && !this.#refused.has(address)
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

  /** New connections deliver at most `bytes` bytes at a time; 0: as written. */
  slice(bytes: number): void {
    this.#slice = bytes
  }
}
