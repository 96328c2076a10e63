/**
 * The lease of a campaign: one node at a time dials it. The lease lasts 6 s in Redis and is renewed every 2 s. The
 * holder computes the end on a monotonic clock, from before it sent the request, and does nothing after it. After a
 * freeze the node finds the lease expired. campaign-owner.ts takes it, dialer.ts asks `holds`.
 */
import type { RedisHome } from '../agent/redis-roster.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { defineScript } from '../store/redis.ts'
import { campaignKeys, type Wakeup } from './dial-wakeup.ts'

const LASTS_MS = 6_000
const RENEW_MS = 2_000
/** The lease ends so much earlier on the node than in Redis, because the two clocks do not run alike. */
const MARGIN_MS = 500

const holdLease = defineScript(new URL('./lua/hold-lease.lua', import.meta.url), reply => {
  const [epoch, freeInMs] = reply as [number, number]
  return { epoch, freeInMs }
})
const dropLease = defineScript(new URL('./lua/drop-lease.lua', import.meta.url), reply => reply === 1)

export interface LeaseOptions {
  home: RedisHome
  /** What is leased. */
  campaign: { readonly id: string; readonly name: string }
  node: string
  clock: Clock
  log: Log
}

/** Returns a lease, or the milliseconds to wait before the next request. Rejects when Redis is unavailable. */
export async function takeLease(options: LeaseOptions): Promise<Lease | number> {
  const asked = options.clock.monotonic()
  const { lease, epochs } = keysOf(options)
  const { epoch, freeInMs } = await holdLease(options.home.commands, [lease, epochs], [options.node, 0, LASTS_MS])
  return epoch > 0 ? new Lease(options, epoch, asked) : freeInMs
}

const keysOf = ({ home, campaign }: LeaseOptions) => {
  const keys = campaignKeys(home.commands)
  return { lease: keys.lease(campaign.id), epochs: keys.epochs, wakeup: keys.wakeup }
}

export class Lease {
  readonly epoch: number
  /** Resolves when the lease is lost, never when it is given back. */
  readonly lost: Promise<void>
  readonly #options: LeaseOptions
  #until: number
  #renewing: Timer
  #ending: Timer
  #over = false
  #lose: () => void = () => {}

  constructor(options: LeaseOptions, epoch: number, asked: number) {
    this.#options = options
    this.epoch = epoch
    this.lost = new Promise(resolve => (this.#lose = resolve))
    this.#until = asked + LASTS_MS - MARGIN_MS
    this.#renewing = options.clock.after(RENEW_MS, () => void this.#renew())
    this.#ending = this.#endTimer()
  }

  /** Valid only in the turn in which it is read. */
  get holds(): boolean {
    return !this.#over && this.#options.clock.monotonic() < this.#until
  }

  /** Another node may take it at once. Rejects when Redis is unavailable. */
  async giveBack(): Promise<void> {
    if (this.#over) return
    this.#stop()
    const { home, node, campaign } = this.#options
    const { lease, wakeup } = keysOf(this.#options)
    const notice = JSON.stringify({ what: 'campaign', name: campaign.name } satisfies Wakeup)
    await dropLease(home.commands, [lease], [node, this.epoch, wakeup, notice])
  }

  async #renew(): Promise<void> {
    const { home, node, clock, log, campaign } = this.#options
    const asked = clock.monotonic()
    this.#renewing = clock.after(RENEW_MS, () => void this.#renew())
    try {
      const { lease, epochs } = keysOf(this.#options)
      const { epoch } = await holdLease(home.commands, [lease, epochs], [node, this.epoch, LASTS_MS])
      if (this.#over) return
      if (epoch !== this.epoch) return this.#end()
      this.#until = asked + LASTS_MS - MARGIN_MS
      this.#ending.cancel()
      this.#ending = this.#endTimer()
    } catch (error) {
      // the lease expires by itself
      log.warn(
        { campaign: campaign.name, error: (error as Error).message },
        'renewing a campaign lease failed; it is retried until the lease expires',
      )
    }
  }

  #endTimer(): Timer {
    return this.#options.clock.after(Math.max(0, this.#until - this.#options.clock.monotonic()), () => this.#end())
  }

  #end(): void {
    if (this.#over) return
    this.#stop()
    this.#options.log.warn(
      { campaign: this.#options.campaign.name, epoch: this.epoch },
      'campaign lease lost; this node stops dialling the campaign',
    )
    this.#lose()
  }

  #stop(): void {
    this.#over = true
    this.#renewing.cancel()
    this.#ending.cancel()
  }
}
