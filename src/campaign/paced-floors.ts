/**
 * The pacing of one campaign whose mode dials more leads than agents are free (ratio, predictive): one paced floor for
 * each FreeSWITCH where it has agents. What the pacers learn, and what predictive learns of the leads, is kept in
 * PostgreSQL. Created by the dialer of the campaign, for as long as it has the lease.
 */
import type { Agent } from '../agent/agent.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { savedPacing, savePacing } from '../store/pacers.ts'
import type { Switch } from '../switch/switchboard.ts'
import { callsUnderWay, type CallsUnderWayParts } from './calls-under-way.ts'
import type { LeadPlace } from './paced-calls.ts'
import { PacedFloor } from './paced-floor.ts'
import { PacedLeads, type PacedLeadsCampaign } from './paced-leads.ts'
import type { PacingEvent } from './pacing/pacer.ts'
import { pacerOf, savedPacer, type PacingMode } from './pacing/saved-pacer.ts'

/** What a pacer has learned changes slowly: a node that dies loses this much of it. */
const SAVE_MS = 60_000

export interface PacedFloorsParts extends CallsUnderWayParts {
  readonly mirror: RosterMirror
  readonly clock: Clock
  readonly log: Log
  /** Calls the listener with every change of a place in a queue, until the result is disposed. */
  readonly onPlace: (listener: (place: LeadPlace) => void) => Disposable
  /** Called when a call under way has changed. */
  readonly changed: () => void
}

export interface PacedCampaign extends PacedLeadsCampaign {
  readonly mode: PacingMode
  /** Is this agent on the line at this FreeSWITCH, and does the agent take calls of this campaign? */
  readonly serves: (agent: Agent, at: Switch) => boolean
}

export class PacedFloors {
  /** What is known of the leads; null: the mode does not ask for it. */
  readonly leads: PacedLeads | null
  readonly #parts: PacedFloorsParts
  readonly #campaign: PacedCampaign
  readonly #saved: ReadonlyMap<string, string>
  readonly #floors = new Map<Switch, PacedFloor>()
  readonly #listening: Disposable
  #savedAt: number

  private constructor(
    parts: PacedFloorsParts,
    campaign: PacedCampaign,
    saved: ReadonlyMap<string, string>,
    leads: PacedLeads | null,
  ) {
    this.leads = leads
    this.#parts = parts
    this.#campaign = campaign
    this.#saved = saved
    this.#savedAt = parts.clock.now()
    this.#listening = parts.onPlace(place => {
      for (const floor of this.#floors.values()) floor.calls.placed(place)
    })
  }

  /**
   * Goes on with what was learned before, and follows the calls that an earlier owner or mode of the campaign has under
   * way. Rejects when PostgreSQL is unavailable.
   */
  static async open(parts: PacedFloorsParts, campaign: PacedCampaign): Promise<PacedFloors> {
    const { sql, log } = parts
    const saved = await savedPacing(sql, campaign.id)
    const predicts = campaign.mode.mode === 'predictive'
    const leads = predicts ? await PacedLeads.open(sql, campaign, saved.leads, log) : null
    const floors = new PacedFloors(parts, campaign, saved.pacers, leads)
    try {
      await floors.#adopt()
      return floors
    } catch (error) {
      floors.close()
      throw error
    }
  }

  /** The dial has ended without an answer, or was not made. */
  over(call: string): void {
    for (const { calls } of this.#floors.values()) calls.over(call)
  }

  at(at: Switch): PacedFloor {
    const known = this.#floors.get(at)
    if (known) return known
    const { mirror, clock, log, changed } = this.#parts
    const { id, mode, serves } = this.#campaign
    // another FreeSWITCH of the same campaign calls people of the same list
    const record = this.#saved.get(at.name) ?? [...this.#saved.values()][0] ?? null
    const pacer = pacerOf(mode, record, `pacer of campaign ${id} at ${at.name}`, log)
    const heard = (event: PacingEvent) => {
      this.leads?.heard(event)
      changed()
    }
    const floor = new PacedFloor({ at, pacer, mirror, clock, changed: heard, serves: agent => serves(agent, at) })
    this.#floors.set(at, floor)
    return floor
  }

  /** Writes what the pacers have learned, once a minute. Rejects when PostgreSQL is unavailable. */
  async saveSometimes(): Promise<void> {
    if (this.#parts.clock.now() >= this.#savedAt + SAVE_MS) await this.save()
  }

  /** Rejects when PostgreSQL is unavailable. */
  async save(): Promise<void> {
    const { sql, clock } = this.#parts
    this.#savedAt = clock.now()
    const leads = (await this.leads?.toSave(this.#savedAt)) ?? null
    const records = [...this.#floors].flatMap(([at, { pacer }]) => {
      const record = savedPacer(pacer)
      return record === null ? [] : [[at.name, record] as const]
    })
    if (records.length > 0 || leads !== null)
      await savePacing(sql, this.#campaign.id, { pacers: new Map(records), leads })
  }

  close(): void {
    this.#listening[Symbol.dispose]()
    for (const floor of this.#floors.values()) floor[Symbol.dispose]()
    this.#floors.clear()
  }

  async #adopt(): Promise<void> {
    const reserved = new Set(this.#parts.mirror.all().flatMap(({ reservation }) => reservation?.for ?? []))
    for (const { at, call } of await callsUnderWay(this.#parts, this.#campaign.id))
      if (!reserved.has(call.id)) this.at(at).calls.adopt({ ...call, pAnswer: this.leads?.chanceOf(call.id) })
  }
}
