/**
 * What a node with the role dialer does: it dials its share of the campaigns, keeps their nailed-up agents, and takes
 * the jobs of supervisors.
 */
import type { Roster } from '../agent/roster.ts'
import type { RedisHome } from '../agent/redis-roster.ts'
import { within, type Clock } from '../base/clock.ts'
import type { Country } from '../base/country.ts'
import { InputError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Telephones } from '../call/call-context.ts'
import type { Events } from '../events/events.ts'
import type { NodeLease } from '../cluster/node-lease.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import { Attempts } from '../campaign/attempt.ts'
import type { Campaign } from '../campaign/campaign.ts'
import type { DialStatuses } from '../campaign/dial-status.ts'
import type { DialWakeup } from '../campaign/dial-wakeup.ts'
import type { DialCapacity } from '../campaign/dial-capacity.ts'
import { Gateways } from '../campaign/gateways.ts'
import type { GatewayTable } from '../campaign/gateway-table.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import { ClickToDialler, type ClickToDial } from '../campaign/click-to-dial.ts'
import { lawNow } from '../campaign/law-now.ts'
import type { Leads } from '../campaign/leads.ts'
import type { LeadPlace } from '../campaign/paced-calls.ts'
import { NailedLegs } from '../campaign/nailed-legs.ts'
import { NailedAgents } from '../campaign/nailed-agents.ts'
import { CampaignOwner } from '../campaign/campaign-owner.ts'
import { jobTimes } from '../desk/job-age.ts'
import { openJobs, type Jobs, type JobsOptions } from '../desk/jobs.ts'
import { openAudit } from '../operations/audit.ts'
import type { Actor, NodeParts, Operation } from '../operations/operation.ts'
import { perform } from '../operations/perform.ts'
import type { Ident } from '../esl/safe-text.ts'
import { closeCall, openCall, type CallEnd, type CallStart } from '../store/calls.ts'
import type { CallStore } from '../journal/call-store.ts'
import type { QueueStore } from '../queue/store.ts'
import type { RedisAddress } from '../store/redis.ts'
import type { Switches } from '../store/campaigns.ts'
import type { Sql } from '../store/sql.ts'
import type { Step } from './closing.ts'
import { liveCalls, type LiveCallsParts } from './live-calls.ts'
import { ThirdLegs } from './third-legs.ts'
import { otherNodes, type OtherNodes } from './other-nodes.ts'

export interface DiallingOptions {
  node: string
  lease: NodeLease
  clock: Clock
  log: Log
  events: Events
  sql: Sql
  home: RedisHome
  redis: RedisAddress
  roster: Roster
  queueStore: QueueStore
  /** The setting COUNTRY. */
  country: Country | null
  /** The settings EVENTS_SOURCE and WEBHOOK_ALLOW. */
  eventsOut: NodeParts['eventsOut']
  /** The folder of the flows. */
  scripts: string
  mirror: RosterMirror
  telephones: Telephones
  wakeup: DialWakeup
  statuses: DialStatuses
  switchboard: Switchboard
  leads: Leads
  capacity: DialCapacity
  gatewayTable: GatewayTable
  /** The owners of the calls. */
  calls: CallStore
  /** Null on a node that drives no calls. */
  acts: LiveCallsParts['acts']
  /** Asks the node that drives a call to do something with it. */
  ask: LiveCallsParts['ask']
  /** The installation's gateway and number (GATEWAY, CALLER_ID), for campaigns that name none. */
  gateway: Ident
  callerId: string | undefined
  ringForMs: number
  switches: Switches
  /** Opens the door for jobs. Default: over BullMQ, which cannot run in virtual time. */
  openJobs?: ((options: JobsOptions) => Promise<Pick<Jobs, 'close'>>) | undefined
}

/** The places of leads, as their dialers hear of them. */
export const leadPlaces =
  (store: Pick<QueueStore, 'onChange'>) =>
  (listener: (place: LeadPlace) => void): Disposable =>
    store.onChange(notice => {
      if (notice.what !== 'member') return
      const { call, member } = notice
      listener({ call, state: member?.state ?? null, agent: member?.offer?.agent ?? null })
    })

/** How long the dialers may take to stop: one of them may wait for a store. */
const STOP_MS = 1_000

export class Dialling {
  readonly #clock: Clock
  readonly #attempts: Attempts
  readonly #clickToDialler: ClickToDialler
  readonly #nailed: NailedAgents
  readonly #owner: CampaignOwner
  #jobs: Pick<Jobs, 'close'> | null = null
  #parts: NodeParts | null = null
  #closing: readonly Step[] | null = null

  private constructor(options: DiallingOptions) {
    const {
      clock,
      log,
      events,
      sql,
      leads,
      capacity,
      wakeup,
      roster,
      mirror,
      telephones,
      ringForMs,
      switchboard,
      node,
      lease,
      gateway,
      callerId,
      home,
    } = options
    const rows = {
      open: (call: Omit<CallStart, 'node'>) => openCall(sql, { ...call, node }),
      close: (uuid: string, end: CallEnd) => closeCall(sql, uuid, end),
    }
    this.#clickToDialler = new ClickToDialler({ switchboard, telephones, rows, ringForMs, clock, log })
    this.#clock = clock
    const gateways = new Gateways({ table: options.gatewayTable, capacity, sql, clock, log, gateway, callerId })
    this.#attempts = new Attempts({ leads, clock, log, events, gateway, callerId, routes: gateways })
    const nailedLegs = new NailedLegs()
    const among = { othersDial: () => otherNodes(lease).dialer, isAlive: (name: string) => lease.isAlive(name) }
    this.#nailed = new NailedAgents({ switchboard, roster, mirror, nailedLegs, clock, log, node, callerId, ...among })
    lease.on('gone', () => this.#nailed.lookAfterTheirs())
    const context = {
      leads,
      attempts: this.#attempts,
      roster,
      capacity,
      gateways,
      wakeup,
      mirror,
      nailedLegs,
      switchboard,
      clock,
      log,
      events,
      node,
      gateway,
      country: options.country,
      onPlace: leadPlaces(options.queueStore),
      lawOf: (campaign: Campaign) => lawNow(sql, campaign, clock.now()),
      statuses: options.statuses,
    }
    this.#owner = new CampaignOwner({ redis: home, context, nailed: this.#nailed, switches: options.switches })
  }

  /** Takes jobs from now on; dials campaigns after `start`. Rejects when Redis cannot be reached. */
  static async open(options: DiallingOptions): Promise<Dialling> {
    const dialling = new Dialling(options)
    const {
      redis,
      log,
      events,
      clock,
      sql,
      wakeup,
      home,
      roster,
      queueStore,
      country,
      eventsOut,
      scripts,
      switchboard,
      node,
    } = options
    const { calls, acts, ask } = options
    const parts = {
      clock,
      log,
      events,
      sql,
      wakeup,
      statuses: options.statuses,
      roster,
      queueStore,
      country,
      eventsOut,
      scripts,
      audit: openAudit({ sql, redis: home.commands, log }),
      node: liveCalls({
        ...{ switchboard, node, calls, acts, ask, clock, beside: new ThirdLegs(options) },
        isAlive: name => options.lease.isAlive(name),
        dial: request => dialling.#clickToDial(request),
      }),
    }
    dialling.#jobs = await (options.openJobs ?? openJobs)({
      redis,
      log,
      handlers: {
        times: jobTimes(home.commands),
        perform: (operation, input, who, progress) =>
          perform(operation, { ...parts, progress }, input, { who, door: 'job', role: 'administrator' }),
      },
    })
    dialling.#parts = parts
    return dialling
  }

  /** Performs any operation on this node; rejects as operations/perform.ts does. */
  perform(operation: Operation, input: unknown, actor: Actor): Promise<unknown> {
    return perform(operation, this.#parts!, input, actor)
  }

  start(): void {
    this.#owner.start()
  }

  /**
   * From this call on the node dials nobody and takes no job. Returns the steps that are left. Nailed-up agents stay on
   * the line when another node dials; telephones go on ringing when other nodes dial and take calls.
   */
  stop(to: OtherNodes): readonly Step[] {
    return (this.#closing ??= this.#stop(to))
  }

  #stop(to: OtherNodes): readonly Step[] {
    const [ringing, agents] = [this.#attempts.ringing, this.#nailed.count]
    this.#clickToDialler.stop()
    // a lead who answers needs a node that takes the call, and an agent who is still on the line
    const phones = to.listener && to.dialer ? 'ring-on' : 'let-go'
    // all of it begins in this turn of the event loop
    this.#attempts.stop(phones)
    const dialers = this.#owner.close(to.dialer ? 'stay' : 'let-go')
    const left = within(this.#clock, STOP_MS, dialers)
      .catch(() => {})
      .then(() => this.#attempts.close(phones))
    const nailed = this.#nailed.close(to.dialer ? 'stay' : 'let-go', left)
    const campaigns = Promise.all([dialers, this.#jobs?.close()])
    const leads = async () => {
      await Promise.all([left, nailed])
      return {
        ...(phones === 'ring-on' ? { ringOn: ringing } : { letGo: ringing }),
        ...(to.dialer ? { agentsStay: agents } : { agentsLetGo: agents }),
      }
    }
    for (const told of [campaigns, left, nailed]) told.catch(() => {}) // its step reports the error
    return [
      { name: 'campaigns and jobs', withinMs: STOP_MS, run: async () => void (await campaigns) },
      { name: 'leads and agents', withinMs: 2_500, run: leads },
    ]
  }

  /** As ClickToDialler.dial. A node that shuts down refuses: another node must make the call. */
  #clickToDial(request: ClickToDial): Promise<{ uuid: string }> {
    if (this.#closing) throw new InputError('this node is shutting down and has dialled nobody: send the job again')
    return this.#clickToDialler.dial(request)
  }
}
