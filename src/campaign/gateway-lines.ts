/**
 * Lines of gateways for calls of no campaign: click-to-dial, callbacks, transfers, agents behind a gateway, every
 * `call.dial` of a flow. The node that dialled holds the line until the leg ends. When the node dies, its lines expire
 * within five minutes, although a talk may go on: then the gateway has one call more than its limit for that long.
 */
import { sleep, type Clock, type Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Uuid } from '../esl/safe-text.ts'
import { UNLIMITED, type DialsAt, type GatewayLine, type GatewayLines } from '../switch/gateway-lines.ts'
import type { DialCapacity } from './dial-capacity.ts'
import type { GatewayTable } from './gateway-table.ts'

export interface SharedGatewayLinesParts {
  readonly table: Pick<GatewayTable, 'get'>
  readonly capacity: Pick<DialCapacity, 'takeOver' | 'leave' | 'prolongOver'>
  readonly clock: Clock
  readonly log: Log
}

/** A person waits for the call: a start that is further away is refused. */
const WAITS_MS = 5_000
/** A line of which nothing more is heard expires after this. */
const HOLD_MS = 300_000
const PROLONG_MS = 120_000

export class SharedGatewayLines implements GatewayLines, Disposable {
  readonly #parts: SharedGatewayLinesParts
  readonly #held = new Map<Uuid, Disposable>()

  constructor(parts: SharedGatewayLinesParts) {
    this.#parts = parts
  }

  async take(at: DialsAt, gateway: string, leg: Uuid): Promise<GatewayLine | null> {
    const { table, capacity, clock, log } = this.#parts
    const limits = table.get(gateway)
    if (!limits) return UNLIMITED
    if (!limits.enabled) return null
    const end = clock.monotonic() + WAITS_MS
    try {
      for (;;) {
        const asked = [{ name: gateway, weight: 1, limits }]
        const { gateway: granted, nextStartMs } = await capacity.takeOver(asked, leg, clock.now(), HOLD_MS)
        if (granted !== null) return this.#hold(at, gateway, leg)
        if (nextStartMs === null || clock.monotonic() + nextStartMs > end) return null
        await sleep(clock, nextStartMs)
      }
    } catch (error) {
      const fields = { uuid: leg, gateway, error: (error as Error).message }
      log.warn(fields, 'the lines of a gateway could not be read; the call is made and not counted')
      return UNLIMITED
    }
  }

  /** The lines of calls that go on expire. */
  [Symbol.dispose](): void {
    for (const line of this.#held.values()) line[Symbol.dispose]()
  }

  #hold(at: DialsAt, gateway: string, leg: Uuid): GatewayLine {
    const { capacity, clock } = this.#parts
    let timer: Timer
    const prolong = () => {
      timer = clock.after(PROLONG_MS, () => void lives())
    }
    /** The code that dialled may have failed before there was a leg. */
    const lives = async () => {
      if ((await at.lives(leg)) === 'no') return over()
      if (this.#held.get(leg) !== line) return
      this.#behind(leg, capacity.prolongOver(gateway, leg, clock.now() + HOLD_MS))
      prolong()
    }
    const over = () => {
      if (this.#held.get(leg) !== line) return
      line[Symbol.dispose]()
      this.#behind(leg, capacity.leave(gateway, leg))
    }
    const watch = at.watch(leg, ({ name }) => name === 'CHANNEL_HANGUP' && over(), over)
    const line = {
      [Symbol.dispose]: () => {
        timer.cancel()
        watch[Symbol.dispose]()
        this.#held.delete(leg)
      },
    }
    this.#held.set(leg, line)
    prolong()
    return { over }
  }

  #behind(leg: Uuid, writing: Promise<unknown>): void {
    writing.catch((error: Error) =>
      this.#parts.log.warn(
        { uuid: leg, error: error.message },
        'the line of a gateway could not be prolonged or given back; it expires by itself',
      ),
    )
  }
}
