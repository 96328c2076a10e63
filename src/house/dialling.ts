/** A node's part in dialling: its share of the campaigns, the agents who stay on the line for them, and the jobs that supervisors leave. */
import type { Roster } from '../agent/roster.ts'
import type { RedisHome } from '../agent/redis-roster.ts'
import { within, type Clock } from '../base/clock.ts'
import { InputError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Telephones } from '../call/house.ts'
import type { NodeLease } from '../call/node-lease.ts'
import type { Switchboard } from '../call/switchboard.ts'
import { Attempts } from '../campaign/attempt.ts'
import type { Bell } from '../campaign/bell.ts'
import type { Capacity } from '../campaign/capacity.ts'
import type { Floor } from '../campaign/floor.ts'
import { ClickToDialler } from '../campaign/click-to-dial.ts'
import { jobTimes } from '../campaign/job-age.ts'
import { openJobs, type ClickToDial, type Jobs } from '../campaign/jobs.ts'
import type { LeadDesk } from '../campaign/lead.ts'
import { Lines } from '../campaign/lines.ts'
import { NailedAgents } from '../campaign/nailed.ts'
import { CampaignOwner } from '../campaign/owner.ts'
import { steerCampaign } from '../campaign/steer.ts'
import type { Ident } from '../esl/words.ts'
import { closeCall, openCall, type CallEnd, type CallStart } from '../store/calls.ts'
import type { RedisAddress } from '../store/redis.ts'
import type { Switches } from '../store/campaigns.ts'
import type { Sql } from '../store/sql.ts'
import type { Step } from './closing.ts'
import { others, type Others } from './others.ts'

export interface DiallingOptions {
  node: string
  presence: NodeLease
  clock: Clock
  log: Log
  sql: Sql
  home: RedisHome
  redis: RedisAddress
  roster: Roster
  floor: Floor
  telephones: Telephones
  bell: Bell
  switchboard: Switchboard
  leads: LeadDesk
  capacity: Capacity
  /** The house's own number and gateway, for campaigns that name none. */
  gateway: Ident
  callerId: string | undefined
  ringForMs: number
  switches: Switches
}

/** How long the dialers may take to stop: a turn of theirs may hang in a store. */
const STOP_MS = 1_000

export class Dialling {
  readonly #clock: Clock
  readonly #attempts: Attempts
  readonly #clickToDialler: ClickToDialler
  readonly #nailed: NailedAgents
  readonly #owner: CampaignOwner
  #jobs: Jobs | null = null
  #closing: readonly Step[] | null = null

  private constructor(options: DiallingOptions) {
    const { clock, log, sql, leads, capacity, bell, roster, floor, telephones, ringForMs, switchboard, node, presence, gateway, callerId, home } = options
    const rows = { open: (call: Omit<CallStart, 'node'>) => openCall(sql, { ...call, node }), close: (uuid: string, end: CallEnd) => closeCall(sql, uuid, end) }
    this.#clickToDialler = new ClickToDialler({ switchboard, telephones, rows, ringForMs, clock, log })
    this.#clock = clock
    this.#attempts = new Attempts({ leads, clock, log, gateway, callerId })
    const lines = new Lines()
    const among = { othersDial: () => others(presence).dialer, isAlive: (name: string) => presence.isAlive(name) }
    this.#nailed = new NailedAgents({ switchboard, roster, floor, lines, clock, log, node, callerId, ...among })
    presence.on('gone', () => this.#nailed.lookAfterTheirs())
    const house = { leads, attempts: this.#attempts, roster, capacity, bell, floor, lines, switchboard, clock, log, node, gateway }
    this.#owner = new CampaignOwner({ redis: home, house, nailed: this.#nailed, switches: options.switches })
  }

  /** Takes jobs from now on; campaigns are dialled after `start`. Rejects when Redis cannot be reached. */
  static async open(options: DiallingOptions): Promise<Dialling> {
    const dialling = new Dialling(options)
    const { redis, log, clock, sql, bell, home } = options
    dialling.#jobs = await openJobs({
      redis,
      log,
      handlers: {
        times: jobTimes(home.commands),
        campaign: (command, name) => steerCampaign({ sql, bell }, name, command, clock.now()),
        clickToDial: async request => dialling.#clickToDial(request),
      },
    })
    return dialling
  }

  start(): void {
    this.#owner.start()
  }

  /**
   * From this moment on nobody is dialled and no job is taken. Gives what is left to do. Who is on the line, and whose telephone rings,
   * stays so when there is a node that cares for them.
   */
  stop(to: Others): readonly Step[] {
    return (this.#closing ??= this.#stop(to))
  }

  #stop(to: Others): readonly Step[] {
    const [ringing, agents] = [this.#attempts.ringing, this.#nailed.count]
    this.#clickToDialler.stop()
    // a lead who answers needs a node that takes the call and an agent who is still on the line
    const phones = to.listener && to.dialer ? 'ring-on' : 'let-go'
    // all of it begins in this turn
    this.#attempts.stop(phones)
    const dialers = this.#owner.close()
    const left = within(this.#clock, STOP_MS, dialers).catch(() => {}).then(() => this.#attempts.close(phones))
    const nailed = this.#nailed.close(to.dialer ? 'stay' : 'let-go', left)
    const campaigns = Promise.all([dialers, this.#jobs?.close()])
    const leads = async () => {
      await Promise.all([left, nailed])
      return {
        ...(phones === 'ring-on' ? { ringOn: ringing } : { letGo: ringing }),
        ...(to.dialer ? { agentsStay: agents } : { agentsLetGo: agents }),
      }
    }
    for (const told of [campaigns, left, nailed]) told.catch(() => {}) // by its step
    return [
      { name: 'campaigns and jobs are for others', withinMs: STOP_MS, run: async () => void (await campaigns) },
      { name: 'leads and agents', withinMs: 2_500, run: leads },
    ]
  }

  /** As ClickToDialler.dial; a telephone that is called when this node goes is another node's. */
  #clickToDial(request: ClickToDial): Promise<{ uuid: string }> {
    if (this.#closing) throw new InputError('this node is about to close and has called nobody: ask again')
    return this.#clickToDialler.dial(request)
  }
}
