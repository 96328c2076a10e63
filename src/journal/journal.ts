/**
 * What a flow has been through, written down so that any node can go on with it. The entries of one turn leave in one write; a verb
 * waits for that write before its flow sees the result, and no longer than the store takes to fail: a call goes on without its journal
 * rather than not at all, and what could not be written is written when the store is back.
 */
import type { Clock, Timer } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Arrival } from './arrival.ts'
import { lineOf, type Begin, type Entry, type Json, type NoteOf } from './entries.ts'
import { isSame, isStill, type CallStore, type Owner } from './call-store.ts'

export interface JournalOptions {
  readonly uuid: string
  /** Null where nobody could go on with the call: it is not written then. */
  readonly store: CallStore | null
  readonly owner: Owner
  readonly begin: Begin
  /** What is written already, by nodes that had the call before. */
  readonly past?: readonly Entry[]
  readonly clock: Clock
  readonly log: Log
  /** Another node has taken the call: nothing more is written. */
  lost(journal: Journal): void
  /** The record of the call says something else from now on. */
  noted?(journal: Journal): void
}

/** A talk is one step, and may be long: what was not written before it is not kept until its end. */
const AGAIN_MS = 1_000
/** So many entries wait for a store that is away; a call that does more in that time cannot be taken over at its latest place. */
const MOST_UNWRITTEN = 1_000

const NOTHING = Promise.resolve(false)

const NOBODY = {
  uuid: '',
  path: '',
  from: '',
  fromName: '',
  to: '',
  direction: 'in',
  answered: false,
  core: '',
  socketResume: true,
  key: '',
} as unknown as Arrival

export class Journal {
  readonly clock: Clock
  readonly begin: Begin
  readonly log: Log
  /** All of them, also those of nodes that had the call before. */
  readonly notes: { readonly at: number; readonly note: NoteOf }[]
  readonly #options: JournalOptions
  /** What the house answers at once, as of the last entry. */
  readonly #seen = new Map<string, Json>()
  readonly #glances = new Map<string, () => Json>()
  #at: number
  #unwritten: { readonly seq: number; readonly line: string }[] = []
  #seq = 0
  #again: Timer | null = null
  #stopped = false
  #writing: Promise<boolean> | null = null
  #owner: Owner
  #failing = false

  constructor(options: JournalOptions) {
    this.#options = options
    this.clock = options.clock
    this.begin = options.begin
    this.notes = (options.past ?? []).flatMap(entry => (entry.k === 'note' ? [{ at: entry.at, note: entry.note }] : []))
    this.log = options.log
    this.#at = options.begin.at
    this.#owner = options.owner
  }

  /** The call whose journal it is. */
  get uuid(): string {
    return this.#options.uuid
  }

  /** The flow's own time: that of its last entry, milliseconds since the epoch. The same in a replay. */
  get at(): number {
    return this.#at
  }

  /** False: nobody could go on with the call, and nothing is written. */
  get isKept(): boolean {
    return this.#options.store !== null
  }

  get owner(): Owner {
    return this.#owner
  }

  /** The call was brought to this node once more. */
  set owner(owner: Owner) {
    this.#owner = owner
  }

  /** What `look` gave at the last entry, in a replay as in the first run. Before any: what it gives now. */
  seen<T extends Json>(key: string): T {
    if (!this.#seen.has(key)) this.#seen.set(key, this.#glances.get(key)!())
    return this.#seen.get(key) as T
  }

  /** Something that changes by itself and that the flow may look at. */
  watch(key: string, look: () => Json): Disposable {
    this.#glances.set(key, look)
    return { [Symbol.dispose]: () => void this.#glances.delete(key) }
  }

  /** Everything that is looked at, as it is in this moment. */
  snapshot(): Readonly<Record<string, Json>> | undefined {
    if (this.#glances.size === 0) return undefined
    for (const [key, look] of this.#glances) this.#seen.set(key, look())
    return Object.fromEntries([...this.#glances.keys()].map(key => [key, this.#seen.get(key)!]))
  }

  /** An entry of the journal as it was written once: the flow's time and what it saw are those again. */
  applyReplayed(entry: Entry): void {
    if (entry.k === 'intent') return // written ahead of what others did meanwhile
    if (entry.k === 'done' || entry.k === 'key') this.#at = Math.max(this.#at, entry.at)
    if (entry.k === 'done') for (const [key, value] of Object.entries(entry.s ?? {})) this.#seen.set(key, value)
  }

  /** The record of the call says this from now on. Written with the next entry, or at once. */
  note(note: NoteOf, { at = this.clock.now(), atOnce = false }: { at?: number; atOnce?: boolean } = {}): void {
    this.notes.push({ at, note })
    this.add({ k: 'note', at, note })
    this.#options.noted?.(this)
    if (atOnce) void this.write()
  }

  /** Written with the next entry that somebody waits for. */
  add(entry: Entry): void {
    if (entry.k === 'done' || entry.k === 'key') this.#at = entry.at
    if (this.#options.store === null) return
    if (this.#unwritten.length < MOST_UNWRITTEN) this.#unwritten.push({ seq: ++this.#seq, line: lineOf(entry) })
  }

  /** Resolves when everything that was added is written, or cannot be. True: the store has just written it, and writes for no node but the owner. */
  write(): Promise<boolean> {
    if (this.#options.store === null || this.#unwritten.length === 0) return this.#writing ?? NOTHING
    if (this.#failing && this.#writing) return NOTHING // one after the other, or what is written late would be out of order
    const writing: Promise<boolean> = this.#append().finally(() => {
      if (this.#writing === writing) this.#writing = null
    })
    this.#writing = writing
    return this.#failing ? NOTHING : writing // one verb has waited for the store that is away; the others do not
  }

  /** Everything that was written is of another script: only what identifies the call stays, and what its record says. */
  async restart(): Promise<void> {
    const { store, uuid, log } = this.#options
    this.#unwritten = []
    if (store === null) return
    try {
      if (!(await store.restart(uuid, this.#owner, this.#beginning()))) this.#options.lost(this)
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      log.warn(
        { uuid, error: error.message },
        'the journal of a changed script is still there: should this node die too, the flow begins once more',
      )
    }
  }

  /** The store has forgotten the call, or was never told of it: it is this node's, as far as anybody can say. Rejects with SERVICE. */
  async restore(): Promise<void> {
    const { store, uuid, log, lost } = this.#options
    if (store === null) return
    const { epoch, before } = await store.take(uuid, this.#owner.node, lineOf(this.begin))
    if (before && before.node !== this.#owner.node) return lost(this)
    this.#owner = { node: this.#owner.node, epoch }
    await store.restart(uuid, this.#owner, this.#beginning())
    log.info({ uuid }, 'a call that was not written down is written down again')
  }

  #beginning(): string[] {
    return [lineOf(this.begin), ...this.notes.map(({ at, note }) => lineOf({ k: 'note', at, note }))]
  }

  /** False when another node has taken the call meanwhile; true as long as that cannot be known. */
  async isOurs(): Promise<boolean> {
    const { store, uuid, log } = this.#options
    if (store === null) return true
    try {
      const owner = await store.owner(uuid)
      return owner === null || isStill(owner, this.#owner)
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      log.warn({ uuid, error: error.message }, 'it cannot be known whether a call that has ended was still ours')
      return true
    }
  }

  /** What could not be written is not tried again: the call is over, or another node's. */
  stop(): void {
    this.#stopped = true
    this.#again?.cancel()
    this.#unwritten = []
  }

  /** The call is over. */
  async end(): Promise<void> {
    const { store, uuid } = this.#options
    await this.#writing
    this.stop()
    await store?.end(uuid, this.#owner)
  }

  async #append(): Promise<boolean> {
    const { store, uuid, log } = this.#options
    const entries = this.#unwritten
    const lines = entries.map(({ line }) => line)
    this.#unwritten = []
    try {
      const ours = await store!.append(uuid, this.#owner, lines)
      if (this.#failing) log.debug({ uuid }, 'the journal of a call is written again')
      this.#failing = false
      if (!ours) await this.#refused(lines)
      return ours
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      if (this.#stopped) return false
      // two writes may have been under way
      this.#unwritten = [...entries, ...this.#unwritten].sort((a, b) => a.seq - b.seq)
      this.#again?.cancel()
      this.#again = this.clock.after(AGAIN_MS, () => void this.write())
      if (!this.#failing)
        log.debug(
          { uuid, error: error.message },
          'the journal of a call cannot be written: it goes on, but another node could not go on with it from here',
        )
      this.#failing = true
      return false
    }
  }

  async #refused(lines: readonly string[]): Promise<void> {
    const { store, uuid, lost } = this.#options
    const owner = await store!.owner(uuid)
    // epoch 0: the call may have a past, so it comes to the door once more
    if (owner && !isSame(owner, this.#owner) && (this.#owner.epoch === 0 || !isStill(owner, this.#owner)))
      return lost(this)
    if (!owner || !isSame(owner, this.#owner)) await this.restore() // else that was done meanwhile
    await store!.append(uuid, this.#owner, lines)
  }
}

/** Of a leg that no flow drives: nobody could go on with it, so nothing is written. */
export function unwritten(uuid: string, clock: Clock, log: Log): Journal {
  const begin = { k: 'begin', at: clock.now(), arrival: NOBODY } as const
  return new Journal({ uuid, store: null, owner: { node: '', epoch: 0 }, begin, clock, log, lost() {} })
}
