/** The port of a simulated node: FreeSWITCH reaches it through the network of the simulation (switch/network.ts). */
import type { Listener } from '../esl/listener.ts'
import type { Accept, Network } from './switch/network.ts'

export class MemoryPort implements Listener {
  readonly port: number
  readonly #network: Network
  readonly #address: string
  readonly #onWire: Accept
  #over = false

  constructor(network: Network, address: string, onWire: Accept) {
    this.port = Number(address.slice(address.lastIndexOf(':') + 1))
    this.#network = network
    this.#address = address
    this.#onWire = onWire
  }

  get listening(): boolean {
    return this.#network.listeners.get(this.#address) === this.#onWire
  }

  pause(): void {
    if (this.listening) this.#network.listeners.delete(this.#address)
  }

  async resume(): Promise<void> {
    if (!this.#over) this.#network.listeners.set(this.#address, this.#onWire)
  }

  stopListening(): void {
    this.#over = true
    this.pause()
  }

  async close(): Promise<void> {
    this.stopListening()
  }
}
