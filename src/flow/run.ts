/**
 * Runs the flow of a leg from its first line to the row that remains of it. The only place that catches CallEnded: for an author the
 * end of a call is nothing that happens, the flow just does not go on. A flow that throws anything else is at fault: the caller is
 * handed to the dialplan's fallback instead of being left in silence, and the campaign's lead gets its disposition all the same.
 */
import type { AttemptEnd, Disposition } from '../campaign/disposition.ts'
import { isDisposition } from '../campaign/disposition.ts'
import { CallEnded, CallMoved, InputError, SwitchhookError } from '../base/errors.ts'
import type { CallHouse } from '../call/house.ts'
import type { Leg, LegEnd } from '../call/leg.ts'
import { CONTEXT } from '../esl/api.ts'
import type { Queues } from '../queue/queue.ts'
import type { Catalogue } from './catalogue.ts'
import { kindOf, type CampaignFlow, type Flow } from './define.ts'
import { FlowCall, type QueueMoment } from './flow-call.ts'
import { CampaignLead, type LeadParts } from './lead.ts'
import { readParams } from './params.ts'

/** What is known of a call when it begins. */
export interface CallBeginning {
  readonly uuid: string
  readonly flow: string
  readonly direction: 'in' | 'out'
  readonly from: string
  readonly to: string
  readonly core: string
  readonly startedAt: number
}

/** What remains of a call. */
export interface CallRecord extends CallBeginning {
  readonly end: LegEnd
  readonly endedAt: number
  /** What the flow returned when it is a word, else how it ended: 'done', 'hung-up', 'error'. */
  readonly outcome: string
  readonly agent: string | null
  readonly tags: ReadonlyMap<string, string>
  readonly timeline: readonly QueueMoment[]
  readonly recording: string | null
}

/** A campaign's side of a call that it made. */
export interface LeadDesk {
  /** Null when no open attempt has this uuid. */
  find(uuid: string): Promise<(Omit<LeadParts, 'sinceGreeting' | 'queues' | 'callOf'> & { settle(end: AttemptEnd, agent: string | null): Promise<void> }) | null>
  callOf: LeadParts['callOf']
}

export interface FlowParts {
  catalogue: Catalogue
  house: CallHouse
  queues: Queues
  /** Absent where no campaign can be (a listener without a database). */
  leads?: LeadDesk
  records: CallRecords
}

export interface CallRecords {
  begun(call: CallBeginning): Promise<void>
  ended(call: CallRecord): Promise<void>
}

/** Extension of the dialplan that says sorry and tries the overflow number. */
const FALLBACK = 'switchhook-sorry'

export class Flows {
  readonly #parts: FlowParts
  readonly #running = new Set<Promise<void>>()

  constructor(parts: FlowParts) {
    this.#parts = parts
  }

  get running(): number {
    return this.#running.size
  }

  /** Begins the flow that the leg's path names. */
  start(leg: Leg): void {
    const run = this.#run(leg).finally(() => this.#running.delete(run))
    this.#running.add(run)
  }

  /** Resolves when every flow that runs now has ended. */
  async settled(): Promise<void> {
    await Promise.all([...this.#running])
  }

  async #run(leg: Leg): Promise<void> {
    const { house } = this.#parts
    const startedAt = house.clock.now()
    const call = new FlowCall(leg, house, this.#parts.queues)
    const { uuid, arrival } = leg
    house.log.info({ uuid, flow: arrival.path, from: arrival.from, to: arrival.to, direction: arrival.direction }, 'a call began')
    const beginning: CallBeginning = { uuid, flow: arrival.path, direction: arrival.direction, from: arrival.from, to: arrival.to, core: arrival.core, startedAt }
    const written = this.#keep(beginning, records => records.begun(beginning)) // the caller does not wait for a database
    const outcome = await Promise.race([this.#outcome(call), leg.moved.then(() => null)])
    if (outcome === null) return // driven elsewhere: the flow stands still here for ever, and the next owner writes the row
    await this.#letGo(call, outcome)
    const end = await Promise.race([leg.ended, leg.moved.then(() => ({ cause: 'MOVED' }))])
    house.log.info({ uuid, flow: arrival.path, outcome, cause: end.cause, ms: house.clock.now() - startedAt, agent: call.lastAgent }, 'a call ended')
    const { lastAgent: agent, tags, timeline, recordingPath: recording } = call
    const record: CallRecord = { ...beginning, end, endedAt: house.clock.now(), outcome, agent, tags, timeline, recording }
    await written
    await this.#keep(record, records => records.ended(record))
  }

  async #outcome(call: FlowCall): Promise<string> {
    try {
      const flow = this.#parts.catalogue.get(call.leg.arrival.path)
      return kindOf(flow) === 'campaign' ? await this.#campaign(flow as CampaignFlow, call) : await this.#plain(flow as Flow, call)
    } catch (error) {
      if (error instanceof CallEnded) return 'hung-up'
      this.#fault(call, error)
      return 'error'
    }
  }

  async #plain(flow: Flow, call: FlowCall): Promise<string> {
    const names = Object.keys(flow.needs)
    const values = new Map(await Promise.all(names.map(async name => [name, await call.variable(name)] as const)))
    const params = readParams(flow.needs, name => values.get(name))
    const result = await flow(call, params)
    return typeof result === 'string' && result.length <= 64 ? result : 'done'
  }

  async #campaign(flow: CampaignFlow, call: FlowCall): Promise<string> {
    const { leads, queues } = this.#parts
    const found = await leads?.find(call.uuid)
    if (!leads || !found) {
      call.house.log.warn({ uuid: call.uuid, flow: call.leg.arrival.path }, 'a call reached a campaign flow and is no open attempt of a campaign: it is hung up')
      return 'no-attempt'
    }
    const lead = new CampaignLead(call, { ...found, queues, callOf: leads.callOf, sinceGreeting: () => call.sinceGreeting })
    let end: AttemptEnd = 'error'
    try {
      const said: Disposition = await flow(call, lead)
      if (!isDisposition(said)) throw new InputError(`the flow '${call.leg.arrival.path}' returned '${String(said)}', which is no disposition`)
      end = said
    } catch (error) {
      if (!(error instanceof CallEnded)) throw error
      end = call.lastAgent !== null ? 'talked' : lead.unserved ? 'abandoned' : 'hung-up' // who hung up after talking has talked
    } finally {
      await lead[Symbol.asyncDispose]()
      await found.settle(end, call.lastAgent)
    }
    return end
  }

  #fault(call: FlowCall, error: unknown): void {
    const known = error instanceof SwitchhookError
    call.house.log.error({ uuid: call.uuid, flow: call.leg.arrival.path, code: known ? error.code : 'SCRIPT', error: error instanceof Error ? (known ? error.message : error.stack) : String(error) }, 'a flow failed')
  }

  /** The flow is through: a caller who is still there is hung up, or handed to the fallback when the flow failed. */
  async #letGo(call: FlowCall, outcome: string): Promise<void> {
    try {
      if (call.leg.phase === 'ended') return
      if (outcome === 'error') await call.transfer(FALLBACK, CONTEXT)
      else await call.hangup()
    } catch (error) {
      if (!(error instanceof CallEnded) && !(error instanceof CallMoved)) this.#fault(call, error)
    }
  }

  async #keep(row: CallBeginning, write: (records: CallRecords) => Promise<void>): Promise<void> {
    try {
      await write(this.#parts.records)
    } catch (error) {
      // the caller is gone and must not be kept waiting for a database; what the table would have is said instead
      const { uuid, flow, direction, from, to, startedAt } = row
      const ending = 'end' in row ? endingOf(row as CallRecord) : {}
      this.#parts.house.log.error({ uuid, flow, direction, from, to, startedAt, ...ending, error: error instanceof Error ? error.message : String(error) }, 'a call record could not be written')
    }
  }
}

/** Without the switch's last event: it holds every variable of the call, the keys that were pressed among them. */
const endingOf = ({ endedAt, end, outcome, agent, tags, recording }: CallRecord) => ({ endedAt, cause: end.cause, outcome, agent, tags: Object.fromEntries(tags), recording })
