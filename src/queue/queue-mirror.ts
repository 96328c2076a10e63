/**
 * This node's copy of all queues and their callers; agent/roster-mirror.ts has the agents. A notice of every write
 * carries the whole record, so a read needs no round trip to the store. The copy may be behind: every write that is
 * based on it is checked against the revs, and a stale record is read again. Used by queue.ts.
 */
import { isSetBack, replacesCopy } from '../agent/mirrored-records.ts'
import { inBatches } from '../base/batches.ts'
import type { FloorIndex } from './floor-index.ts'
import type { Member } from './member.ts'
import { wayTo, type QueueSettings } from './settings.ts'
import { QUEUES_AT_ONCE, type QueueStore } from './store.ts'
import type { QueueNotice } from './queue-table.ts'

type Change = Exclude<QueueNotice, { what: 'resync' }>

export interface MirrorEvents {
  /** A record has changed: match again. */
  changed(): void
  /** A caller's record is now this one, null when the place is gone. */
  member(queue: string, call: string, member: Member | null): void
  /** The settings of a queue have changed. */
  settings(queue: string): void
  /** All records have just been read. */
  loaded(): void
  failed(error: unknown): void
}

export class QueueMirror implements Disposable {
  /** Also the removed ones whose names lead to another queue. */
  readonly queues = new Map<string, QueueSettings>()
  readonly #store: QueueStore
  /** Has the callers. */
  readonly #floor: FloorIndex
  readonly #events: MirrorEvents
  readonly #listening: Disposable
  /** Notices and own writes that came while all records were being read; they are applied on top of the read. */
  #late: Change[] | null = []
  #loading = 0
  loaded = false

  constructor(store: QueueStore, floor: FloorIndex, events: MirrorEvents) {
    this.#store = store
    this.#floor = floor
    this.#events = events
    this.#listening = store.onChange(notice => {
      if (notice.what === 'resync') void this.load()
      else this.#hear(notice)
    })
  }

  /** Reads all records. Of several concurrent calls the last one counts. */
  async load(): Promise<void> {
    const mine = ++this.#loading
    this.#late ??= []
    try {
      const queues = await this.#store.everyQueue()
      const members = await inBatches(queues, QUEUES_AT_ONCE, ({ name }) => this.#store.members(name))
      if (mine !== this.#loading) return
      this.#replace(queues, members)
    } catch (error) {
      if (mine === this.#loading) this.#events.failed(error)
    }
  }

  [Symbol.dispose](): void {
    this.#loading++
    this.#late = null
    this.#listening[Symbol.dispose]()
  }

  /** The queue to which this name leads; the name itself when it leads to none. */
  inUseFor(name: string): string {
    return wayTo(name, this.queues)?.at(-1) ?? name
  }

  member(queue: string, call: string): Member | null {
    return this.#floor.member(queue, call)
  }

  /** 1 for the first caller in order; 0 for a caller who is not in it. */
  position(queue: string, call: string): number {
    const member = this.member(queue, call)
    return member ? this.#floor.line(queue).position(member) : 0
  }

  /** Applies a record that was just written, unless the copy is newer. */
  take(member: Member): void {
    this.#apply({ what: 'member', queue: member.queue, call: member.call, rev: member.rev, member })
  }

  refreshMember(queue: string, call: string): Promise<void> {
    return this.#learnMember(queue, call, () => this.#store.member(queue, call))
  }

  /** Writes the record that `decide` returns for a caller. When it returns null, the record is read again. */
  rewrite(queue: string, call: string, decide: (member: Member) => Member | null): Promise<void> {
    const ask = async () => (await this.#store.change(queue, call, decide)) ?? (await this.#store.member(queue, call))
    return this.#learnMember(queue, call, ask)
  }

  async #learnMember(queue: string, call: string, ask: () => Promise<Member | null>): Promise<void> {
    const before = this.member(queue, call)
    const member = await ask()
    if (member && isSetBack(before, member, this.member(queue, call))) this.#floor.setMember(queue, call, null)
    this.#apply({ what: 'member', queue, call, rev: member?.rev ?? before?.rev ?? 0, member })
  }

  #hear(notice: Change): void {
    if (!this.loaded) this.#late?.push(notice)
    else if (this.#apply(notice)) this.#events.changed()
  }

  #apply(change: Change): boolean {
    this.#late?.push(change)
    const changed = this.#put(change)
    if (change.what === 'queue') this.#events.settings(change.queue.name)
    else if (changed) this.#events.member(change.queue, change.call, change.member)
    return changed
  }

  #put(change: Change): boolean {
    if (change.what === 'queue') {
      this.queues.set(change.queue.name, change.queue)
      this.#floor.setQueue(change.queue)
      return true
    }
    const { queue, call, rev, member } = change
    if (!replacesCopy(this.member(queue, call), rev, member)) return false
    this.#floor.setMember(queue, call, member)
    return true
  }

  #replace(queues: QueueSettings[], members: Member[][]): void {
    this.queues.clear()
    for (const queue of queues) this.queues.set(queue.name, queue)
    this.#floor.setQueues(queues)
    this.#floor.clearMembers()
    for (const member of members.flat()) this.#floor.setMember(member.queue, member.call, member)
    for (const change of this.#late ?? []) this.#put(change)
    this.#late = null
    this.loaded = true
    // Only after the late changes: a place would take a record that was read before its own write for another node's.
    for (const member of this.#floor.allMembers()) this.#events.member(member.queue, member.call, member)
    this.#events.loaded()
    this.#events.changed()
  }
}
