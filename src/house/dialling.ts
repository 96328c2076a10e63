/** A node's part in dialling: its share of the campaigns, the agents who stay on the line for them, and the jobs that supervisors leave. */
import type { Roster } from '../agent/roster.ts'
import type { RedisHome } from '../agent/redis-roster.ts'
import type { Clock } from '../base/clock.ts'
import { InputError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { originate } from '../call/originate.ts'
import type { Presence } from '../call/presence.ts'
import type { Switchboard } from '../call/switchboard.ts'
import { Attempts } from '../campaign/attempt.ts'
import type { Bell } from '../campaign/bell.ts'
import type { Capacity } from '../campaign/capacity.ts'
import { Floor } from '../campaign/floor.ts'
import { openJobs, type ClickToDial, type Jobs } from '../campaign/jobs.ts'
import type { LeadDesk } from '../campaign/lead.ts'
import { Lines } from '../campaign/lines.ts'
import { NailedAgents } from '../campaign/nailed.ts'
import { CampaignOwner } from '../campaign/owner.ts'
import { steerCampaign } from '../campaign/steer.ts'
import { endpoint, newUuid, type Ident, type VarValue } from '../esl/words.ts'
import type { RedisAddress } from '../store/redis.ts'
import type { Switches } from '../store/campaigns.ts'
import type { Sql } from '../store/sql.ts'
import type { Step } from './closing.ts'
import { others, type Others } from './others.ts'

export interface DiallingOptions {
  node: string
  presence: Presence
  clock: Clock
  log: Log
  sql: Sql
  home: RedisHome
  redis: RedisAddress
  roster: Roster
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

export class Dialling {
  readonly #options: DiallingOptions
  readonly #attempts: Attempts
  readonly #floor: Floor
  readonly #nailed: NailedAgents
  readonly #owner: CampaignOwner
  #jobs: Jobs | null = null
  #closing: readonly Step[] | null = null

  private constructor(options: DiallingOptions) {
    const { clock, log, leads, capacity, bell, roster, switchboard, node, presence, gateway, callerId, home } = options
    this.#options = options
    this.#attempts = new Attempts({ leads, clock, log, gateway, callerId })
    this.#floor = new Floor(roster, clock, log)
    const lines = new Lines()
    const among = { othersDial: () => others(presence).dialer, isAlive: (name: string) => presence.isAlive(name) }
    this.#nailed = new NailedAgents({ switchboard, roster, floor: this.#floor, lines, clock, log, node, callerId, ...among })
    presence.on('gone', () => this.#nailed.lookAfterTheirs())
    const house = { leads, attempts: this.#attempts, capacity, bell, floor: this.#floor, lines, switchboard, clock, log, node, gateway }
    this.#owner = new CampaignOwner({ redis: home, house, nailed: this.#nailed, switches: options.switches })
  }

  /** Takes jobs from now on; campaigns are dialled after `start`. Rejects when Redis cannot be reached. */
  static async open(options: DiallingOptions): Promise<Dialling> {
    const dialling = new Dialling(options)
    const { redis, log, clock, sql, bell } = options
    dialling.#jobs = await openJobs({
      redis,
      log,
      handlers: {
        now: () => clock.now(),
        campaign: (command, name) => steerCampaign({ sql, bell }, name, command, clock.now()),
        clickToDial: async request => ({ uuid: dialling.#clickToDial(request) }),
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
    const phones = to.listener ? 'ring-on' : 'let-go'
    // all three begin in this turn: the agents first, for who is called by us must not be called any more
    const nailed = this.#nailed.close(to.dialer ? 'stay' : 'let-go')
    const campaigns = Promise.all([this.#owner.close(), this.#jobs?.close()])
    this.#attempts.stop(phones)
    const leads = async () => {
      await Promise.all([this.#attempts.close(phones), nailed])
      this.#floor.close()
      return {
        ...(to.listener ? { ringOn: ringing } : { letGo: ringing }),
        ...(to.dialer ? { agentsStay: agents } : { agentsLetGo: agents }),
      }
    }
    campaigns.catch(() => {}) // told by its step
    nailed.catch(() => {})
    return [
      { name: 'campaigns and jobs are for others', withinMs: 1_000, run: async () => void (await campaigns) },
      { name: 'leads and agents', withinMs: 2_500, run: leads },
    ]
  }

  /** The agent's telephone rings first; the flow click-to-dial does the rest. Gives the uuid of the agent's call. */
  #clickToDial({ extension, ...ids }: ClickToDial): string {
    const { switchboard, ringForMs, clock, log } = this.#options
    if (this.#closing) throw new InputError('this node is about to close and has called nobody: ask again')
    const uuid = newUuid()
    const given = Object.entries(ids).filter(([, value]) => value !== undefined)
    const variables = new Map(given.map(([name, value]) => [name as Ident, value as VarValue]))
    const call = { uuid, endpoint: endpoint(`user/${extension}`), flow: 'click-to-dial' as Ident, ringForMs, variables, clock, log }
    void originate(switchboard.any(), call).then(
      ({ outcome, cause }) => log.info({ uuid, outcome, cause, crmuuid: ids.crmuuid }, 'click-to-dial: the agent was called'),
      (error: Error) => log.error({ uuid, error: error.message }, 'click-to-dial: the agent could not be called'),
    )
    return uuid
  }
}
