/**
 * The journal of one call: every step of its flow, so that any node can take the call over. The entries of one turn
 * leave in one write, and a verb waits for that write before its flow sees the result.
 *
 * Invariants: only the owner writes (call-store.ts). A store that is down never stops a call: the verb waits until the
 * write fails and no longer, and the entries are written when the store is back.
 * The flow's run (flow/run.ts) creates it; steps.ts and replay.ts use it.
 */
import type { Clock, Timer } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { RETRY } from '../base/retry.ts'
import type { Arrival } from './arrival.ts'
import { CATALOGUE, type TimelineData, type TimelineEventName } from '../events/catalogue.ts'
import { silentEvents, type Events } from '../events/events.ts'
import { lineOf, type Begin, type Entry, type Json, type NoteOf, beginOf } from './entries.ts'
import { isSame, isStill, type CallStore, type Owner } from './call-store.ts'
import { tellNote } from './tell-note.ts'

/** When a note is written, and what time it has. */
export interface NoteOptions {
  /** Milliseconds since the epoch. Default: now. */
  readonly at?: number
  /** Written now. Default: with the next entry. */
  readonly atOnce?: boolean
}

export interface JournalOptions {
  readonly uuid: string
  /** Null when no node could take the call over: then nothing is written. */
  readonly store: CallStore | null
  readonly owner: Owner
  readonly begin: Begin
  /** The entries that are already written, by earlier owners of the call. */
  readonly past?: readonly Entry[]
  readonly clock: Clock
  readonly log: Log
  readonly events: Events
  /** Called when another node has taken the call: nothing more is written. */
  lost(journal: Journal): void
  /** Called after a note, which changes the record of the call. */
  noted?(journal: Journal): void
}

/**
 * So many entries wait while the store is down. After one more, none is added: a journal with a gap cannot be replayed,
 * and a shorter one takes a call over at an earlier step.
 */
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
  /** All notes of the call, also those of earlier owners. */
  readonly notes: { readonly at: number; readonly note: NoteOf }[]
  readonly #options: JournalOptions
  /** The values that a flow can read at once, as of the last entry. */
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
  #isFull = false

  constructor(options: JournalOptions) {
    this.#options = options
    this.clock = options.clock
    this.begin = options.begin
    this.notes = (options.past ?? []).flatMap(entry => (entry.k === 'note' ? [{ at: entry.at, note: entry.note }] : []))
    this.log = options.log
    this.#at = options.begin.at
    this.#owner = options.owner
  }

  /** The uuid of the call that has this journal. */
  get uuid(): string {
    return this.#options.uuid
  }

  /** The flow's time: that of its last entry, milliseconds since the epoch. It is the same in a replay. */
  get at(): number {
    return this.#at
  }

  /** False when no node could take the call over, so that nothing is written. */
  get isKept(): boolean {
    return this.#options.store !== null
  }

  get owner(): Owner {
    return this.#owner
  }

  /** Set when FreeSWITCH has offered the call to this node again. */
  set owner(owner: Owner) {
    this.#owner = owner
  }

  /**
   * The value of `watch`'s `look` at the last entry, in a replay as in the first run. Before the first entry: its
   * present value.
   */
  seen<T extends Json>(key: string): T {
    if (!this.#seen.has(key)) this.#seen.set(key, this.#glances.get(key)!())
    return this.#seen.get(key) as T
  }

  /** Registers a value that changes by itself and that the flow may read, until the result is disposed. */
  watch(key: string, look: () => Json): Disposable {
    this.#glances.set(key, look)
    return { [Symbol.dispose]: () => void this.#glances.delete(key) }
  }

  /** All watched values in this moment; undefined when there are none. */
  snapshot(): Readonly<Record<string, Json>> | undefined {
    if (this.#glances.size === 0) return undefined
    for (const [key, look] of this.#glances) this.#seen.set(key, look())
    return Object.fromEntries([...this.#glances.keys()].map(key => [key, this.#seen.get(key)!]))
  }

  /** Applies an old entry in a replay: restores the flow's time and the values that it saw. */
  applyReplayed(entry: Entry): void {
    if (entry.k === 'intent') return // no result: it was written before other steps completed
    if (entry.k === 'done' || entry.k === 'key') this.#at = Math.max(this.#at, entry.at)
    if (entry.k === 'done') for (const [key, value] of Object.entries(entry.s ?? {})) this.#seen.set(key, value)
  }

  /**
   * Tells an event of the call, and notes it for the call's timeline. An event of an earlier owner is in `notes` and is
   * not told again.
   */
  tell<N extends TimelineEventName>(event: N, data: TimelineData<N>, when: NoteOptions = {}): void {
    const { at = this.clock.now() } = when
    const note = { kind: 'event', event, v: CATALOGUE[event].version, data } as const
    this.note(note, { ...when, at })
    tellNote({ uuid: this.uuid, at, note }, this.#options.events)
  }

  /** Adds a fact for the record of the call. */
  note(note: NoteOf, { at = this.clock.now(), atOnce = false }: NoteOptions = {}): void {
    this.notes.push({ at, note })
    this.add({ k: 'note', at, note })
    this.#options.noted?.(this)
    if (atOnce) void this.write()
  }

  /** Adds an entry; the next `write` writes it. */
  add(entry: Entry): void {
    if (entry.k === 'done' || entry.k === 'key') this.#at = entry.at
    if (this.#options.store === null || this.#isFull) return
    if (this.#unwritten.length >= MOST_UNWRITTEN) return this.#fill()
    this.#unwritten.push({ seq: ++this.#seq, line: lineOf(entry) })
  }

  #fill(): void {
    this.#isFull = true
    const { uuid, log } = this.#options
    log.warn(
      { uuid, steps: MOST_UNWRITTEN },
      'the journal of a call is full of steps that could not be written; a takeover repeats all later steps',
    )
  }

  /**
   * Resolves when all added entries are written or the write has failed. True: the store has just written them, which
   * also proves that this node is the owner.
   */
  write(): Promise<boolean> {
    if (this.#options.store === null || this.#unwritten.length === 0) return this.#writing ?? NOTHING
    if (this.#failing && this.#writing) return NOTHING // one write at a time, to keep the order
    const writing: Promise<boolean> = this.#append().finally(() => {
      if (this.#writing === writing) this.#writing = null
    })
    this.#writing = writing
    return this.#failing ? NOTHING : writing // one verb has waited for the failing store; the others do not
  }

  /** The script has changed: removes the steps of the old script and keeps the first entry and the notes. */
  async restart(): Promise<void> {
    const { store, uuid, log } = this.#options
    this.#unwritten = []
    this.#isFull = false
    if (store === null) return
    try {
      if (!(await store.restart(uuid, this.#owner, this.#beginning()))) this.#options.lost(this)
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      log.warn(
        { uuid, error: error.message },
        'the journal of a changed script could not be replaced; after another takeover the flow begins again',
      )
    }
  }

  /** Writes the call to a store that lost it or never had it, with this node as owner. Rejects with SERVICE. */
  async restore(): Promise<void> {
    const { store, uuid, log, lost } = this.#options
    if (store === null) return
    const { epoch, before } = await store.take(uuid, this.#owner.node, lineOf(this.begin))
    if (before && before.node !== this.#owner.node) return lost(this)
    this.#owner = { node: this.#owner.node, epoch }
    await store.restart(uuid, this.#owner, this.#beginning())
    log.info({ uuid }, 'a call that the store had lost was written again')
  }

  #beginning(): string[] {
    return [lineOf(this.begin), ...this.notes.map(({ at, note }) => lineOf({ k: 'note', at, note }))]
  }

  /** False when another node has taken the call; true while the store cannot be asked. */
  async isOurs(): Promise<boolean> {
    const { store, uuid, log } = this.#options
    if (store === null) return true
    try {
      const owner = await store.owner(uuid)
      return owner === null || isStill(owner, this.#owner)
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      log.warn({ uuid, error: error.message }, 'the owner of a call could not be read; this node stays its owner')
      return true
    }
  }

  /** Ends all retries, because the call has ended or another node has taken it. */
  stop(): void {
    this.#stopped = true
    this.#again?.cancel()
    this.#unwritten = []
  }

  /** The call has ended: deletes it from the store. Rejects with SERVICE. */
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
      if (this.#failing) log.debug({ uuid }, 'the journal can be written again')
      this.#failing = false
      if (!ours) await this.#refused(lines)
      return ours
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      if (this.#stopped) return false
      // two writes may have been under way
      this.#unwritten = [...entries, ...this.#unwritten].sort((a, b) => a.seq - b.seq)
      this.#again?.cancel()
      this.#again = this.clock.after(RETRY.journalWrite.pauseMs, () => void this.write())
      if (!this.#failing)
        log.debug(
          { uuid, error: error.message },
          'journal write failed; the call continues, the write is retried, a takeover would miss the last steps',
        )
      this.#failing = true
      return false
    }
  }

  async #refused(lines: readonly string[]): Promise<void> {
    const { store, uuid, lost } = this.#options
    const owner = await store!.owner(uuid)
    // epoch 0: the call may have older entries, so FreeSWITCH must offer it again
    if (owner && !isSame(owner, this.#owner) && (this.#owner.epoch === 0 || !isStill(owner, this.#owner)))
      return lost(this)
    if (!owner || !isSame(owner, this.#owner)) await this.restore() // else another write has restored it
    await store!.append(uuid, this.#owner, lines)
  }
}

/** The journal of a leg that no flow drives: no node could take it over, so nothing is written. */
export function unwritten(uuid: string, clock: Clock, log: Log): Journal {
  const begin = beginOf(clock.now(), NOBODY)
  return new Journal({
    uuid,
    store: null,
    owner: { node: '', epoch: 0 },
    begin,
    clock,
    log,
    events: silentEvents,
    lost() {},
  })
}
