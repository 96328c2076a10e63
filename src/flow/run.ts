/**
 * Runs the flow of a leg from its first line to the row that remains of it. The only place that catches CallEnded: for an author the
 * end of a call is nothing that happens, the flow just does not go on. A flow that throws anything else is at fault: the caller is
 * handed to the dialplan's fallback instead of being left in silence, and the campaign's lead gets its disposition all the same.
 */
import type { AttemptEnd, Disposition } from '../campaign/disposition.ts'
import { isDisposition } from '../campaign/disposition.ts'
import { within } from '../base/clock.ts'
import { CallEnded, CallMoved, InputError, SwitchhookError } from '../base/errors.ts'
import { FALLBACK } from '../call/fallback.ts'
import { readEntries, type Entry } from '../journal/entries.ts'
import type { CallContext } from '../call/call-context.ts'
import { Journal } from '../journal/journal.ts'
import type { Leg } from '../call/leg.ts'
import type { CallStore, Taken } from '../journal/call-store.ts'
import { Steps } from '../journal/steps.ts'
import { CONTEXT } from '../esl/api.ts'
import type { Queues } from '../queue/queue.ts'
import type { Catalogue } from './catalogue.ts'
import {
  beginningOf,
  liveCall,
  recordOf,
  type CallBeginning,
  type CallRecord,
  type CallRecords,
} from '../record/call-record.ts'
import { kindOf, type CampaignFlow, type Flow } from './define.ts'
import { EndedRows } from '../record/ended-rows.ts'
import { FlowCall } from './flow-call.ts'
import { leadOf, type CampaignLeads } from './lead.ts'
import { readParams } from './params.ts'
import { isLost, untilCalm } from './after-takeover.ts'

export type { CallBeginning, CallRecord, CallRecords }

export interface FlowParts {
  catalogue: Catalogue
  context: CallContext
  queues: Queues
  /** Absent where no campaign can be (a listener without a database). */
  leads?: CampaignLeads
  records: CallRecords
  /** Where journals are kept, and this node's name in them; absent where nobody else could go on with a call. */
  calls?: CallStore | undefined
  node?: string
}

/** What a flow may say of its call, in characters. */
const LONGEST_WORD = 64

/** How a flow came to its end, and its own word for what came of the call. */
type Finish = { readonly by: 'itself'; readonly said: string | null } | { readonly by: 'their hang-up' | 'an error' }

/** `ours`: it is known that the call has ended as this node's. */
type Outcome = { readonly call: FlowCall; readonly failed: boolean; readonly ours: boolean | Promise<boolean> }

/** How long a node that goes waits for what is being written. */
const DRAIN_MS = 2_000

export class Flows {
  readonly #parts: FlowParts
  /** By the uuid of the call, until its row is written. */
  readonly #running = new Map<string, Promise<void>>()
  /** Of calls that live here. */
  readonly #journals = new Map<string, Journal>()
  readonly #rows: EndedRows

  constructor(parts: FlowParts) {
    this.#parts = parts
    this.#rows = new EndedRows(parts)
  }

  /** How often a flow had to begin again because its script had changed. */
  restarts = 0

  get running(): number {
    return this.#running.size
  }

  /** Calls that have not ended. One that has, and waits for its row, is no load: nobody is on the line. */
  get live(): number {
    return this.#journals.size
  }

  /** Is this call driven here, or its end being written down? */
  drives(uuid: string): boolean {
    return this.#running.has(uuid) || this.#rows.has(uuid)
  }

  /** The memory of all nodes has lost a call that is driven here: it is written down again. */
  async remember(uuid: string): Promise<void> {
    await this.#journals.get(uuid)?.restore()
  }

  /** Begins the flow that the leg's path names, or goes on with it where `taken` says that it is. */
  start(leg: Leg, taken: Taken | null): void {
    const run = this.#run(leg, taken).finally(
      () => this.#running.get(leg.uuid) === run && this.#running.delete(leg.uuid),
    )
    this.#running.set(leg.uuid, run)
  }

  /** Resolves when every flow that runs now has ended. */
  async settled(): Promise<void> {
    await Promise.all([...this.#running.values()])
  }

  async #run(leg: Leg, taken: Taken | null): Promise<void> {
    const { context, node = '', calls = null } = this.#parts
    const { uuid, arrival } = leg
    const entries = readEntries(taken?.entries ?? [])
    const begin =
      entries[0]?.k === 'begin'
        ? entries[0]
        : ({ k: 'begin', at: context.clock.now(), arrival: { ...arrival, key: '' } } as const)
    const journal = new Journal({
      uuid,
      store: calls,
      owner: { node, epoch: taken?.epoch ?? 0 },
      begin,
      past: entries.slice(1),
      clock: context.clock,
      log: context.log,
      noted: this.#tellRow.bind(this, leg),
      lost: isLost.bind(null, leg),
    })
    const { from, to, direction, flow } = beginningOf(begin)
    context.log.info(
      { uuid, flow, from, to, direction, ...(taken?.before && { from_node: taken.before.node }) },
      taken?.before ? 'a call goes on here' : 'a call began',
    )
    this.#journals.set(uuid, journal)
    const moved = leg.moved.then(() => {
      journal.stop()
      this.#parts.records.moved?.(uuid)
      if (this.#journals.get(uuid) === journal) this.#journals.delete(uuid)
      return null
    })
    void leg.ended.then(() => this.#journals.get(uuid) === journal && this.#journals.delete(uuid))
    // of a call that is taken over the row says no more than that it is here now
    if (taken?.before) void untilCalm(leg, context.clock).then(() => this.#tellRow(leg, journal))
    else this.#tellRow(leg, journal)
    const run = await Promise.race([this.#outcome(leg, flow, journal, entries.slice(1)), moved])
    if (run === null) return // driven elsewhere: the flow stands still here for ever, and the next owner writes the row
    const { call, failed, ours } = run
    await this.#letGo(call, failed)
    const end = await Promise.race([leg.ended, moved])
    if (end === null || !((await ours) || (await journal.isOurs()))) return // whoever had it last writes its row
    const record = recordOf(begin, journal.notes, end, end.at ?? context.clock.now())
    const { outcome, agent, startedAt, endedAt } = record
    context.log.info({ uuid, flow, outcome, cause: end.cause, ms: endedAt - startedAt, agent }, 'a call ended')
    if (!(await this.#rows.write(record, journal, call.settled))) return
    if (await call.settled) await this.#forget(journal) // else reconciliation settles the lead, of the journal
  }

  /** What the row of a call that lives says. Written behind the call, which never waits for it. */
  #tellRow({ phase, uuid }: Leg, journal: Journal): void {
    if (phase === 'ended' || phase === 'moved') return
    this.#parts.records.lives?.(uuid, () => liveCall(journal.begin, journal.notes, this.#parts.context.clock.now()))
  }

  /** Runs the flow to its end; again from its first line, on the live call, when the journal is of another script. `behind`: see FlowCall. */
  async #outcome(
    leg: Leg,
    flow: string,
    journal: Journal,
    past: readonly Entry[],
    behind?: readonly string[],
  ): Promise<Outcome> {
    let changed!: (why: string) => void
    const other = new Promise<string>(resolve => (changed = resolve))
    leg.steps = new Steps(journal, past, changed)
    const call = new FlowCall(leg, this.#parts.context, this.#parts.queues, behind)
    const through = this.#through(call, flow).then(finish =>
      call.leg.steps.replaying ? { why: 'it ends earlier than it did' } : finish,
    )
    const end = await Promise.race([through, other.then(why => ({ why }))])
    if (!('why' in end)) {
      if (end.by === 'their hang-up') return { call, failed: false, ours: false }
      const over = leg.phase === 'ended' // nobody takes it any more: that this is written says that the call is ours
      // at once: should this process die before the call has ended, its record says what its flow said
      journal.note({ returned: end.by === 'itself' ? end.said : 'error' })
      const written = journal.write()
      return { call, failed: end.by === 'an error', ours: over && written }
    }
    leg.steps.freeze()
    const left = await call.giveUp(past)
    this.restarts++
    this.#parts.context.log.warn(
      { uuid: leg.uuid, flow, why: end.why },
      'the script of a call has changed: its flow begins again, on the live call',
    )
    await journal.restart()
    return this.#outcome(leg, flow, journal, [], left)
  }

  async #through(call: FlowCall, name: string): Promise<Finish> {
    try {
      const flow = this.#parts.catalogue.get(name)
      const said =
        kindOf(flow) === 'campaign'
          ? await this.#campaign(flow as CampaignFlow, call)
          : await this.#plain(flow as Flow, call)
      return { by: 'itself', said }
    } catch (error) {
      if (error instanceof CallEnded) return { by: 'their hang-up' }
      this.#fault(call, error)
      return { by: 'an error' }
    }
  }

  async #plain(flow: Flow, call: FlowCall): Promise<string | null> {
    const names = Object.keys(flow.needs)
    const values = new Map(await Promise.all(names.map(async name => [name, await call.variable(name)] as const)))
    const params = readParams(flow.needs, name => values.get(name))
    const result = await flow(call, params)
    return typeof result === 'string' && result.length <= LONGEST_WORD ? result : null
  }

  async #campaign(flow: CampaignFlow, call: FlowCall): Promise<string> {
    const { leads, queues } = this.#parts
    const lead = leads && (await leadOf(call, leads, queues))
    const { journal } = call.leg.steps
    if (!lead) {
      const said = journal.notes.findLast(({ note }) => 'disposition' in note)?.note
      if (said && 'disposition' in said) return said.disposition // by a node that died before it could hang up
      call.context.log.warn(
        { uuid: call.uuid, flow: call.leg.arrival.path },
        'a call reached a campaign flow and is no open attempt of a campaign: it is hung up',
      )
      return 'no-attempt'
    }
    let end: AttemptEnd = 'error'
    try {
      const said: Disposition = await flow(call, lead)
      if (!isDisposition(said))
        throw new InputError(`the flow '${call.leg.arrival.path}' returned '${String(said)}', which is no disposition`)
      end = said
    } catch (error) {
      if (error instanceof CallEnded)
        end = call.summary.agent !== null ? 'talked' : lead.unserved ? 'abandoned' : 'hung-up' // who hung up after talking has talked
      throw error
    } finally {
      await lead[Symbol.asyncDispose]()
      if (!call.leg.steps.replaying) await lead.conclude(end) // else the script has changed, and it begins again
    }
    return end
  }

  /**
   * This node goes: waits for what is being written, at most 2 s, and gives every call to the next node by closing its connection.
   * Who talks goes on talking. Gives the number of calls that were handed over.
   */
  async drain(): Promise<number> {
    const { context } = this.#parts
    context.stopDialling()
    await within(context.clock, DRAIN_MS, Promise.all([...this.#journals.values()].map(journal => journal.write())))
    const legs = [...context.door.legs.values()]
    const driven = legs.filter(leg => leg.phase === 'driven' || leg.phase === 'adrift')
    for (const leg of legs) leg.giveAway()
    return driven.length
  }

  #fault(call: FlowCall, error: unknown): void {
    const known = error instanceof SwitchhookError
    call.context.log.error(
      {
        uuid: call.uuid,
        flow: call.leg.arrival.path,
        code: known ? error.code : 'SCRIPT',
        error: error instanceof Error ? (known ? error.message : error.stack) : String(error),
      },
      'a flow failed',
    )
  }

  /** The flow is through: a caller who is still there is hung up, or handed to the fallback when the flow failed. */
  async #letGo(call: FlowCall, failed: boolean): Promise<void> {
    try {
      if (call.leg.phase === 'ended') return
      if (failed) await call.transfer(FALLBACK, CONTEXT)
      else await call.hangup()
    } catch (error) {
      if (!(error instanceof CallEnded) && !(error instanceof CallMoved)) this.#fault(call, error)
    }
  }

  async #forget(journal: Journal): Promise<void> {
    try {
      await journal.end()
    } catch (error) {
      // reconciliation finds a call that does not exist, and a row that is closed
      this.#parts.context.log.warn(
        { uuid: journal.uuid, error: (error as Error).message },
        'the journal of a call that has ended could not be thrown away',
      )
    }
  }
}
