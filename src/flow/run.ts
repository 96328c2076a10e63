/**
 * Runs the flow of a leg, from its first line (or from where its journal ends) to the call's record. Used by the node
 * for each call of its listener. The only place that catches CallEnded: for an author the end of a call is no event,
 * the flow just stops. A flow that throws anything else is at fault: the caller is transferred to the dialplan's
 * fallback, and a campaign's lead gets the disposition 'error'.
 */
import type { AttemptEnd, Disposition } from '../campaign/disposition.ts'
import { isDisposition } from '../campaign/disposition.ts'
import { within } from '../base/clock.ts'
import { CallEnded, CallMoved, CallRedirected, InputError, SwitchhookError } from '../base/errors.ts'
import { FALLBACK } from '../call/fallback.ts'
import { comeHome } from '../call/come-home.ts'
import { talkOf } from '../call/talk.ts'
import { endTalks } from '../call/talk-events.ts'
import { beginOf, readEntries, readOwnEntry, type Entry } from '../journal/entries.ts'
import type { CallContext } from '../call/call-context.ts'
import { Journal } from '../journal/journal.ts'
import type { Leg } from '../call/leg.ts'
import type { CallStore, Taken } from '../journal/call-store.ts'
import { dispositionIn } from '../journal/said.ts'
import { Steps } from '../journal/steps.ts'
import { CONTEXT } from '../esl/api.ts'
import type { Uuid } from '../esl/safe-text.ts'
import type { TimelineData } from '../events/catalogue.ts'
import type { Queues } from '../queue/queues.ts'
import type { Catalogue } from './catalogue.ts'
import { beginningOf, liveCall, recordOf, type CallRecord, type CallRecords } from '../record/call-record.ts'
import { runCallback, type CallbackCalls } from './callback.ts'
import { kindOf, type CallbackFlow, type CampaignFlow, type Flow } from './define.ts'
import { EndedRows } from '../record/ended-rows.ts'
import { tellBeginning } from '../record/tell-beginning.ts'
import { tellEnd } from '../record/tell-end.ts'
import { FlowCall } from './flow-call.ts'
import { leadOf, type CampaignLeads } from './lead.ts'
import { readParams } from './params.ts'
import { flowOf, isIn, isUnfinished, type RunningFlow } from './redirection.ts'
import { isLost, untilCalm } from './after-takeover.ts'

export type { CallRecord, CallRecords }

export interface FlowParts {
  catalogue: Catalogue
  context: CallContext
  queues: Queues
  /** Absent where there are no campaigns (a listener without a database). */
  leads?: CampaignLeads
  /** Absent where nobody is called back. */
  callbacks?: CallbackCalls | undefined
  records: CallRecords
  /** The store of journals, and this node's name in it; absent where no other node could take a call over. */
  calls?: CallStore | undefined
  node?: string
}

/** The longest outcome that a flow may return, in characters. */
const LONGEST_WORD = 64

/** How a flow ended, and the outcome that it returned. */
type Finish =
  | { readonly by: 'itself'; readonly said: string | null }
  | { readonly by: 'a redirection'; readonly fetched: Promise<void> }
  | { readonly by: 'their hang-up' | 'an error' | 'a store that is away' }

/** `ours`: true when it is certain that this node still owned the call when it ended. */
type Outcome = { readonly call: FlowCall; readonly failed: boolean; readonly ours: boolean | Promise<boolean> }

const FAILED = { outcome: 'error', failed: true }

/** A drain waits this long for journals that are being written. */
const DRAIN_MS = 2_000

const UNREADABLE =
  'the journal of a call was written by a newer version of Switchhook, or is damaged; its flow starts from its first line'

export class Flows {
  readonly #parts: FlowParts
  /** By the uuid of the call, until its record is written. */
  readonly #running = new Map<string, Promise<void>>()
  /** Of live calls that this node drives. */
  readonly #journals = new Map<string, Journal>()
  readonly #rows: EndedRows

  constructor(parts: FlowParts) {
    this.#parts = parts
    this.#rows = new EndedRows(parts)
  }

  /** How often a flow restarted because its script had changed. */
  restarts = 0

  get running(): number {
    return this.#running.size
  }

  /** Calls that have not ended. An ended call that waits for its record is no load: nobody is on the line. */
  get live(): number {
    return this.#journals.size
  }

  /** Does this node drive the call, or write its record? */
  drives(uuid: string): boolean {
    return this.#running.has(uuid) || this.#rows.has(uuid)
  }

  /** The call store has lost a call that this node drives: writes its journal again. */
  async remember(uuid: string): Promise<void> {
    await this.#journals.get(uuid)?.restore()
  }

  /**
   * Lets a call go on in another flow, whatever its flow does now; a talk ends. `to`: what the timeline tells of it.
   * Resolves when the flow before was interrupted; with false when this node does not drive the call. Rejects with
   * NotFoundError for a flow that does not exist, with InputError for values that the flow refuses.
   */
  async redirect(
    uuid: string,
    { flow: name, params }: RunningFlow & { readonly params: Readonly<Record<string, string>> },
    to: TimelineData<'call.redirected'>,
  ): Promise<boolean> {
    const { catalogue, context } = this.#parts
    const journal = this.#journals.get(uuid)
    const leg = context.door.legs.get(uuid as Uuid)
    if (!journal || !leg) return false
    const flow = catalogue.get(name)
    if (kindOf(flow) === 'campaign') throw new InputError(`flow '${name}' is a campaign's: a call cannot be sent there`)
    readParams((flow as Flow).needs, need => params[need])
    await leg.steps.caughtUp()
    if (isIn(flowOf(journal, ''), name, params) && !talkOf(leg)) return true // asked twice: the caller keeps the place
    journal.note({ kind: 'flow', flow: name, params })
    journal.tell('call.redirected', to)
    await journal.write()
    leg.steps.interrupt(new CallRedirected(name, comeHome(leg, context)))
    return true
  }

  /** Starts the flow that the leg's path names. With entries in `taken`, replays it to where they end. */
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
    const written = taken?.before ? readEntries(taken.entries) : (taken?.entries.map(readOwnEntry) ?? [])
    const entries = written ?? []
    const begin = entries[0]?.k === 'begin' ? entries[0] : beginOf(leg.times.arrived, arrival)
    const journal = new Journal({
      uuid,
      store: calls,
      owner: { node, epoch: taken?.epoch ?? 0 },
      begin,
      past: entries.slice(1),
      clock: context.clock,
      log: context.log,
      events: context.events,
      noted: this.#tellRow.bind(this, leg),
      lost: isLost.bind(null, leg),
    })
    const { flow } = beginningOf(begin)
    tellBeginning(journal, taken?.before?.node ?? null, context.events)
    if (written === null) {
      context.log.error({ uuid, from_node: taken?.before?.node }, UNREADABLE)
      await journal.restart()
    }
    this.#journals.set(uuid, journal)
    const moved = leg.moved.then(() => {
      journal.stop()
      this.#parts.records.moved?.(uuid)
      if (this.#journals.get(uuid) === journal) this.#journals.delete(uuid)
      return null
    })
    void leg.ended.then(() => this.#journals.get(uuid) === journal && this.#journals.delete(uuid))
    // the record of a call that was taken over changes only in its node, so it can wait
    if (taken?.before) void untilCalm(leg, context.clock).then(() => this.#tellRow(leg, journal))
    else this.#tellRow(leg, journal)
    const past = entries.slice(1)
    const current = flowOf(journal, flow)
    const outcome = isUnfinished(past)
      ? this.#next(leg, flow, journal, past)
      : this.#outcome(leg, current, journal, past)
    const run = await Promise.race([outcome, moved])
    if (run === null) return // moved: the flow never continues here, and the next owner writes the record
    const { call, failed, ours } = run
    await this.#letGo(call, failed)
    const end = await Promise.race([leg.ended, moved])
    if (end === null || !((await ours) || (await journal.isOurs()))) return // its last owner writes its record
    const record = recordOf(begin, journal.notes, end, end.at ?? context.clock.now())
    tellEnd(record, context.events)
    if (!(await this.#rows.write(record, journal, call.settled))) return
    if (await call.settled) await this.#forget(journal) // else reconciliation settles the lead, from the journal
  }

  /** Writes the record of a live call, behind the call: the call never waits for it. */
  #tellRow({ phase, uuid }: Leg, journal: Journal): void {
    if (phase === 'ended' || phase === 'moved') return
    this.#parts.records.lives?.(uuid, () => liveCall(journal.begin, journal.notes, this.#parts.context.clock.now()))
  }

  /**
   * Runs the flow to its end. When the journal is of another version of the script, restarts it on the live call. It
   * fails when a store stays away during the replay. `behind`: see FlowCall.
   */
  async #outcome(
    leg: Leg,
    to: RunningFlow,
    journal: Journal,
    past: readonly Entry[],
    behind?: readonly string[],
  ): Promise<Outcome> {
    let changed!: (why: string) => void
    const other = new Promise<string>(resolve => (changed = resolve))
    leg.steps = new Steps(journal, past, changed)
    const call = new FlowCall(leg, this.#parts.context, this.#parts.queues, behind)
    const through = this.#through(call, to).then(finish => {
      if (!call.leg.steps.replaying) return finish
      return { why: finish.by === 'a store that is away' ? null : 'the flow ended before its journal does' }
    })
    const end = await Promise.race([through, other.then(why => ({ why }))])
    if (!('why' in end)) {
      if (end.by === 'their hang-up') return { call, failed: false, ours: false }
      if (end.by === 'a redirection') {
        await end.fetched
        return this.#next(leg, to.flow, journal, [], call)
      }
      return this.#returned(call, end.by === 'itself' ? { outcome: end.said } : FAILED)
    }
    leg.steps.freeze()
    const left = await call.giveUp(past)
    if (end.why === null) {
      await journal.restart()
      leg.steps = new Steps(journal)
      const over = new FlowCall(leg, this.#parts.context, this.#parts.queues, left)
      over.settled = call.settled
      return this.#returned(over, FAILED)
    }
    this.restarts++
    this.#parts.context.log.warn(
      { uuid: leg.uuid, flow: to.flow, why: end.why },
      'the script of a call has changed; its flow restarts on the live call',
    )
    await journal.restart()
    return this.#outcome(leg, to, journal, [], left)
  }

  /** Noted at once: if this process dies before the call ends, the record has the flow's outcome. */
  #returned(call: FlowCall, { outcome, failed = false }: { outcome: string | null; failed?: boolean }): Outcome {
    const { journal } = call.leg.steps
    const over = call.leg.phase === 'ended' // no node takes an ended call over: a write that succeeds proves ownership
    journal.note({ kind: 'returned', outcome })
    const written = journal.write()
    return { call, failed, ours: over && written }
  }

  /**
   * The call goes on in the flow that its journal notes. `past`: what the flow before has left; null `before`: that
   * flow ran on another node.
   */
  async #next(
    leg: Leg,
    first: string,
    journal: Journal,
    past: readonly Entry[],
    before: FlowCall | null = null,
  ): Promise<Outcome> {
    const old = before ?? this.#abandoned(leg, journal)
    const left = await old.giveUp(past)
    if (!before) await old.letGo()
    endTalks(journal)
    await journal.restart()
    const { call, ...how } = await this.#outcome(leg, flowOf(journal, first), journal, [], left)
    const settled = Promise.all([old.settled, call.settled]).then(all => all.every(Boolean))
    call.settled = settled
    return { call, ...how }
  }

  /** The call of a flow that does not run on: it was interrupted on a node that has died. */
  #abandoned(leg: Leg, journal: Journal): FlowCall {
    leg.steps = new Steps(journal)
    return new FlowCall(leg, this.#parts.context, this.#parts.queues)
  }

  async #through(call: FlowCall, to: RunningFlow): Promise<Finish> {
    try {
      const flow = this.#parts.catalogue.get(to.flow)
      const kind = kindOf(flow)
      const said =
        kind === 'campaign'
          ? await this.#campaign(flow as CampaignFlow, call)
          : kind === 'callback'
            ? await runCallback(flow as CallbackFlow, call, this.#parts)
            : await this.#plain(flow as Flow, call, to.params)
      return { by: 'itself', said }
    } catch (error) {
      if (error instanceof CallEnded) return { by: 'their hang-up' }
      if (error instanceof CallRedirected) return { by: 'a redirection', fetched: error.fetched }
      this.#fault(call, error)
      return { by: error instanceof SwitchhookError && error.code === 'SERVICE' ? 'a store that is away' : 'an error' }
    }
  }

  async #plain(flow: Flow, call: FlowCall, given: RunningFlow['params']): Promise<string | null> {
    const names = given ? [] : Object.keys(flow.needs)
    const values = new Map(await Promise.all(names.map(async name => [name, await call.variable(name)] as const)))
    const params = readParams(flow.needs, name => (given ? given[name] : values.get(name)))
    const result = await flow(call, params)
    return typeof result === 'string' && result.length <= LONGEST_WORD ? result : null
  }

  async #campaign(flow: CampaignFlow, call: FlowCall): Promise<string> {
    const { leads, queues } = this.#parts
    const lead = leads && (await leadOf(call, leads, queues))
    if (!lead) {
      const said = dispositionIn(call.leg.steps.journal.notes)
      if (said !== null) return said // noted by a node that died before it hung up
      call.context.log.warn(
        { uuid: call.uuid, flow: call.leg.arrival.path },
        'a call reached a campaign flow without an open attempt of a campaign; it is hung up',
      )
      return 'no-attempt'
    }
    let end: AttemptEnd = 'error'
    try {
      const said: Disposition = await flow(call, lead)
      if (!isDisposition(said))
        throw new InputError(
          `flow '${call.leg.arrival.path}' returned '${String(said)}': return a disposition (src/campaign/disposition.ts)`,
        )
      end = said
    } catch (error) {
      if (error instanceof CallEnded)
        end = call.summary.agent !== null ? 'talked' : lead.unserved ? 'abandoned' : 'hung-up' // a hang-up after a talk
      else if (error instanceof CallRedirected) end = 'talked' // somebody else talks with the lead
      throw error
    } finally {
      await lead[Symbol.asyncDispose]()
      if (!call.leg.steps.replaying) await lead.conclude(end) // else the script has changed and the flow restarts
    }
    return end
  }

  /**
   * Drains this node: waits at most 2 s for journals that are being written, then closes the connection of every call,
   * so that FreeSWITCH offers the call to the next node. Talks go on. Resolves with the number of calls that were
   * handed over.
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

  /** The flow is over. Hangs up a call that still lives, or transfers it to the fallback when the flow failed. */
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
      // reconciliation finds that the call does not exist, and deletes the journal
      this.#parts.context.log.warn(
        { uuid: journal.uuid, error: (error as Error).message },
        'the journal of an ended call could not be deleted; reconciliation deletes it',
      )
    }
  }
}
