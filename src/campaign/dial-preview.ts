/**
 * Preview dialling: a free agent gets one lead to look at, and says whether it is called. The agent is reserved for the
 * call that may follow, as in the mode progressive (dial-reserved.ts), so no caller and no other dialer gets the agent.
 * The lead is claimed, so no other dialer gets the lead.
 *
 * What is decided stands in the row of the preview (store/previews.ts), never in this process: operations write the
 * word of the agent there, and whichever node dials the campaign acts on it. So a preview goes on when its node dies.
 * The statement that writes the attempt ends the preview and looks at the number again (store/claims.ts): the lead is
 * called once, whichever nodes try. Used by dialer.ts.
 */
import { randomUUID } from 'node:crypto'
import { isHeldForLead, isPresent, type Agent } from '../agent/agent.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Events } from '../events/events.ts'
import { calledPreviews, endPreviews, openPreviews, type PreviewEnd, type PreviewRow } from '../store/previews.ts'
import type { Queries } from '../store/sql.ts'
import type { Switch } from '../switch/switchboard.ts'
import type { CallableLeads, Slot } from './callable-leads.ts'
import type { Campaign } from './campaign.ts'
import type { ClaimAnswer, DialMode, Previews, Staffing, Wanted } from './dial-mode.ts'
import type { DialReserved } from './dial-reserved.ts'
import { LINE_GRACE_MS } from './leads.ts'
import { NO_WORD, previewSetting, previewStep, type Looking, type PreviewStep } from './preview.ts'
import type { Team } from './teams.ts'

export interface DialPreviewParts {
  readonly sql: Queries
  readonly roster: Roster
  readonly mirror: RosterMirror
  readonly homeOf: (agent: Agent) => Switch | null
  readonly reserved: DialReserved
  readonly clock: Clock
  readonly log: Log
  readonly events: Events
}

export class DialPreview implements DialMode, Previews {
  readonly previews: Previews = this
  readonly #parts: DialPreviewParts
  readonly #campaign: Pick<Campaign, 'id' | 'name'>
  /** Those whose lead is to be called now, by the last look. */
  #asked: readonly PreviewRow[] = []
  /** Calls that are prepared and not claimed: whether their agents are free is not known. */
  readonly #undecided = new Set<string>()

  constructor(parts: DialPreviewParts, campaign: Pick<Campaign, 'id' | 'name'>) {
    this.#parts = parts
    this.#campaign = campaign
  }

  staffing(): Staffing {
    return this.#parts.reserved.staffing()
  }

  async wanted(team: Team, forMs: number, promisedBy: readonly string[]): Promise<Wanted> {
    const wanted = await this.#parts.reserved.wanted(team, forMs, promisedBy)
    return wanted.why === 'agents' ? { ...wanted, why: 'previews' } : wanted
  }

  async look({ id, calls }: Campaign, now: number): Promise<number | null> {
    const then = previewSetting(calls, 'previewThen')
    const asked: PreviewRow[] = []
    const ends: number[] = []
    this.#asked = asked
    for (const preview of await openPreviews(this.#parts.sql, { campaign: id })) {
      const step = previewStep(preview, await this.#looking(preview, now), then, now)
      if (step === 'call') {
        asked.push(preview)
        ends.push(preview.heldUntil.getTime())
      } else if (step === 'look') ends.push(preview.until.getTime())
      else await this.#end(preview, step, now + previewSetting(calls, 'skipAfterMs'))
    }
    return ends.length === 0 ? null : Math.min(...ends)
  }

  asked(at: Switch): readonly string[] {
    const { mirror, homeOf } = this.#parts
    return this.#asked.flatMap(({ id, agent: name }) => {
      const agent = mirror.find(name)
      return agent?.nailed && homeOf(agent) === at ? [id] : []
    })
  }

  async offer(
    callable: CallableLeads,
    campaign: Campaign,
    at: Switch,
    howMany: number,
    { forMs, ...claimant }: Parameters<Previews['offer']>[4],
  ): Promise<ClaimAnswer> {
    const { sql, clock, reserved } = this.#parts
    const lookMs = previewSetting(campaign.calls, 'previewTimeMs')
    const ids = Array.from({ length: howMany }, () => randomUUID())
    const slots = await reserved.prepare(at, ids, lookMs + forMs + LINE_GRACE_MS)
    if (slots.length === 0) return { claimed: [], putOff: 0 }
    let offered: readonly string[] = []
    try {
      const now = clock.now()
      const agents = new Map(slots.flatMap(({ id, agent }) => (agent === null ? [] : [[id, agent] as const])))
      // an agent who is reserved now looks at nothing else: the node of an older preview has died with its campaign
      await endPreviews(sql, { agents: [...agents.values()] }, { how: 'agent-left', again: null }, now)
      const preview = { agents, until: now + lookMs }
      const answer = await callable.claim(campaign, slots, { ...claimant, now, until: now + lookMs + forMs, preview })
      offered = answer.claimed.map(({ attempt }) => attempt)
      await this.#tellOffered(offered)
      return answer
    } finally {
      // from now on the row of the preview knows the agent
      for (const id of offered) reserved.forget(id)
      await Promise.all(slots.flatMap(({ id }) => (offered.includes(id) ? [] : [reserved.over(id)])))
    }
  }

  async prepare(at: Switch, calls: readonly string[], forMs: number): Promise<readonly Slot[]> {
    const { mirror, reserved } = this.#parts
    const pairs = this.#asked.flatMap(({ id, agent: name }) => {
      const agent = calls.includes(id) ? mirror.find(name) : undefined
      return agent ? [{ id, agent }] : []
    })
    for (const { id } of pairs) this.#undecided.add(id)
    const held = await reserved.reserve(
      at,
      pairs.map(({ agent }) => agent),
      pairs.map(({ id }) => id),
      forMs,
    )
    return pairs.flatMap(({ id, agent: { name: agent } }) => (held.includes(id) ? [{ id, agent }] : []))
  }

  async claim(
    callable: CallableLeads,
    campaign: Campaign,
    slots: readonly Slot[],
    claim: Parameters<Previews['claim']>[3],
  ): Promise<ClaimAnswer> {
    const { sql } = this.#parts
    const previews = this.#asked.filter(({ id }) => slots.some(slot => slot.id === id))
    const { claimed, closed } = await callable.claimPreviewed(campaign, previews, claim)
    const ours = new Set(claimed.map(({ attempt }) => attempt))
    for (const preview of previews.filter(({ id }) => ours.has(id))) {
      this.#undecided.delete(preview.id)
      this.#tellEnd(preview, 'called')
    }
    const left = previews.filter(({ id }) => !ours.has(id))
    if (left.length > 0) {
      // another node calls it, or somebody holds its row: then nothing follows here
      const byOthers = await calledPreviews(
        sql,
        left.map(({ id }) => id),
      )
      const open = new Set((await openPreviews(sql, { campaign: campaign.id })).map(({ id }) => id))
      for (const preview of left) {
        if (closed.includes(preview.id)) await this.#end(preview, 'withdraw', claim.now)
        else if (!open.has(preview.id) && !byOthers.has(preview.id)) this.#tellEnd(preview, 'withdrawn')
        else continue
        this.#undecided.delete(preview.id)
      }
    }
    return { claimed, putOff: left.length }
  }

  begins(): void {}

  maySend(call: string): boolean {
    return this.#parts.reserved.maySend(call)
  }

  /** An undecided call keeps its agent: the preview is open, or another node calls the lead. */
  async over(call: string): Promise<void> {
    if (this.#undecided.delete(call)) this.forget(call)
    else await this.#parts.reserved.over(call)
  }

  forget(call: string): void {
    this.#parts.reserved.forget(call)
  }

  async close(previews: 'stay' | 'let-go'): Promise<void> {
    const { sql, clock, log, reserved } = this.#parts
    await reserved.close()
    if (previews === 'stay') return
    const { id, name } = this.#campaign
    try {
      for (const preview of await openPreviews(sql, { campaign: id })) await this.#end(preview, 'withdraw', clock.now())
    } catch (error) {
      log.warn(
        { campaign: name, error: (error as Error).message },
        'leads at which agents look were not given back; they and the agents are free when their time is over',
      )
    }
  }

  async #looking({ id, agent: name }: PreviewRow, now: number): Promise<Looking> {
    const { mirror, roster } = this.#parts
    const known = lookingAt(id, mirror.find(name))
    // the copy may be behind: the notice of the reservation may be under way
    return known === 'looks' ? known : lookingAt(id, await roster.get(name, now))
  }

  /** Ends a preview whose lead is not called, and frees the agent. `again`: when a skipped lead is offered again. */
  async #end(preview: PreviewRow, step: Exclude<PreviewStep, 'look' | 'call'>, again: number): Promise<void> {
    const { sql, roster, clock } = this.#parts
    const { id, agent: name, said } = preview
    const now = clock.now()
    const how = step === 'skip' && said === 'skip' ? 'skipped' : ENDS[step]
    const unsaid = how === 'timed-out' // a word that has come since the look counts: the next look acts on it
    if ((await endPreviews(sql, { id, unsaid }, { how, again: step === 'skip' ? again : null }, now)) === 0) return
    this.#tellEnd(preview, how)
    this.forget(id)
    if (step === 'break') await roster.setStatus(name, 'break', now, NO_WORD)
    const agent = await roster.get(name, now)
    if (agent && isHeldForLead(agent) && agent.reservation!.for === id)
      await roster.release(name, agent.reservation!.epoch, 'caller-left', now)
  }

  async #tellOffered(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    for (const preview of await openPreviews(this.#parts.sql, { campaign: this.#campaign.id })) {
      const { id, campaign, lead, agent, phone, fields, until } = preview
      if (!ids.includes(id)) continue
      const about = { uuid: id, campaign, lead, agent, number: phone, fields, until: until.getTime() }
      this.#parts.events.tell('lead.previewed', about)
    }
  }

  #tellEnd({ id, campaign, lead, agent, reason }: PreviewRow, how: PreviewEnd): void {
    const why = how === 'skipped' && reason !== null ? { reason } : {}
    this.#parts.events.tell('lead.preview_ended', { uuid: id, campaign, lead, agent, how, ...why })
  }
}

const ENDS = {
  skip: 'timed-out',
  break: 'timed-out',
  leave: 'agent-left',
  withdraw: 'withdrawn',
} as const satisfies Record<Exclude<PreviewStep, 'look' | 'call'>, PreviewEnd>

/** An agent who has hung up, or is no longer reserved for this preview, is gone. */
function lookingAt(preview: string, agent: Agent | null | undefined): Looking {
  if (!agent || agent.nailed === null || agent.reservation?.for !== preview) return 'gone'
  return isPresent(agent) ? 'looks' : 'away'
}
