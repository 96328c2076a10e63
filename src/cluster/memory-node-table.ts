/** The node table of an installation of one process, in memory: for tests and for the demo. */
import { Emitter } from '../base/emitter.ts'
import { KEPT_MS, type Claim, type Lease, type NodeTable, type LeaseAnswer } from './node-table.ts'
import { timeAfter, type TableTime } from './table-time.ts'

class MemoryPresence implements NodeTable {
  readonly #now: () => number
  #time: TableTime | null = null
  readonly #leases = new Map<string, Lease>()
  readonly #notices = new Emitter<{ change: null }>()

  constructor(now: () => number) {
    this.#now = now
  }

  async hold({ record, lastsMs, mode, instead, closes, expects = null }: Claim): Promise<LeaseAnswer> {
    this.#time = timeAfter(this.#time, this.#now(), expects)
    const { aheadMs } = this.#time
    const now = this.#time.raw + aheadMs
    const before = this.#leases.get(record.node)
    const mine = before?.incarnation === record.incarnation
    const unchanged = before?.incarnation === instead?.incarnation && before?.until === instead?.until
    const held = !before || mine || (mode === 'come' && (before.until <= now || unchanged))
    const last =
      closes && ![...this.#leases.values()].some(({ node, until, open }) => node !== record.node && until > now && open)
    if (held) this.#leases.set(record.node, { ...record, ...(closes && { open: last }), until: now + lastsMs })
    for (const [node, { until }] of this.#leases) if (until + KEPT_MS <= now) this.#leases.delete(node)
    if (held && !mine) this.#tell()
    return { held, now, aheadMs, leases: new Map(this.#leases) }
  }

  async leave(node: string, incarnation: string): Promise<void> {
    if (this.#leases.get(node)?.incarnation !== incarnation) return
    this.#leases.delete(node)
    this.#tell()
  }

  onChange(listener: () => void): Disposable {
    return this.#notices.on('change', listener)
  }

  /** Notifies in a microtask: the caller that made the change continues before any listener runs. */
  #tell(): void {
    queueMicrotask(() => this.#notices.emit('change', null))
  }
}

/** `now`: the own clock of the table, ms since the epoch. */
export function memoryNodeTable(now: () => number): NodeTable {
  return new MemoryPresence(now)
}
