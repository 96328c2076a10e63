/** FreeSWITCH's HEARTBEAT every twenty seconds, and its counts of sessions. */
import type { Timer } from '../../base/clock.ts'
import type { Header } from './event.ts'
import type { SimulatedSwitch } from './simulated-switch.ts'

const VERSION = '1.10.12-release+git~20240802T210227Z~a88d069d6f~64bit'
const HEARTBEAT_MS = 20_000

/** Session counts since the start of FreeSWITCH. */
export class Heart {
  readonly #sim: SimulatedSwitch
  #beat: Timer | undefined
  /** Sessions since startup. */
  sessions = 0
  /** Largest number of sessions at the same time. */
  peak = 0
  /** Largest number of new sessions in one second. */
  busiestSecond = 0
  #second = 0
  #inSecond = 0

  constructor(sim: SimulatedSwitch) {
    this.#sim = sim
  }

  /** Counts a new session and returns its number. */
  session(): number {
    const second = Math.floor(this.#sim.clock.now() / 1_000)
    this.#inSecond = second === this.#second ? this.#inSecond + 1 : 1
    this.#second = second
    this.busiestSecond = Math.max(this.busiestSecond, this.#inSecond)
    this.peak = Math.max(this.peak, this.#sim.channels.size)
    return ++this.sessions
  }

  get inLastSecond(): number {
    return Math.floor(this.#sim.clock.now() / 1_000) - this.#second <= 1 ? this.#inSecond : 0
  }

  start(): void {
    this.#beat = this.#sim.clock.after(HEARTBEAT_MS, () => {
      this.#sim.fire('HEARTBEAT', undefined, { after: this.#headers() })
      this.start()
    })
  }

  /** FreeSWITCH restarts: all counts begin at zero. */
  forget(): void {
    this.sessions = 0
    this.peak = 0
    this.busiestSecond = 0
    this.#inSecond = 0
  }

  stop(): void {
    this.#beat?.cancel()
  }

  /** Uptime in the format of `status` and HEARTBEAT. */
  get uptime(): string {
    const total = Math.max(0, this.#sim.clock.now() - this.#sim.startedAt)
    const many = (count: number, unit: string) => `${count} ${unit}${count === 1 ? '' : 's'}`
    return [
      '0 years',
      many(Math.floor(total / 86_400_000), 'day'),
      many(Math.floor(total / 3_600_000) % 24, 'hour'),
      many(Math.floor(total / 60_000) % 60, 'minute'),
      many(Math.floor(total / 1_000) % 60, 'second'),
      many(Math.floor(total % 1_000), 'millisecond'),
      '0 microseconds',
    ].join(', ')
  }

  #headers(): Header[] {
    const sim = this.#sim
    return [
      ['Event-Info', 'System Ready'],
      ['Up-Time', this.uptime],
      ['FreeSWITCH-Version', VERSION],
      ['Uptime-msec', String(Math.floor(sim.clock.now() - sim.startedAt))],
      ['Session-Count', String(sim.channels.size)],
      ['Max-Sessions', '5000'],
      ['Session-Per-Sec', '1000'],
      ['Session-Per-Sec-Last', String(this.inLastSecond)],
      ['Session-Per-Sec-Max', String(this.busiestSecond)],
      ['Session-Per-Sec-FiveMin', String(this.busiestSecond)],
      ['Session-Since-Startup', String(this.sessions)],
      ['Session-Peak-Max', String(this.peak)],
      ['Session-Peak-FiveMin', String(this.peak)],
      ['Idle-CPU', '99.000000'],
    ]
  }
}
