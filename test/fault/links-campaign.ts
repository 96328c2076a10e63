/**
 * A campaign in the rig of processes: agents who stay on the line, leads at the carrier, and what the witness saw of
 * every dial.
 */
import type { Duration } from '../../src/base/duration.ts'
import { campaignFrom, type Campaign } from '../../src/campaign/campaign.ts'
import { moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import type { AttemptState } from '../../src/store/attempts.ts'
import { addLead } from '../add-lead.ts'
import { SCRIPTS } from '../program.ts'
import { until, type Rig } from './rig.ts'

const FIRST_NUMBER = 170_000_000

export interface CampaignOptions {
  /** Its name, and that of its queue; default: spring, sales. */
  readonly name?: string
  readonly queue?: string
  /** Default: progressive. */
  readonly mode?: Campaign['mode']
  /** The number of its first lead, after +49; campaigns of one rig have different ones. */
  readonly firstNumber?: number
  readonly agents: number
  readonly leads: number
  readonly cps: number
  /** How often a lead is tried, and after how long; default: once. */
  readonly tries?: { readonly most: number; readonly after: Duration }
  /** What the lead with this number (0, 1, …) does; default: the line is busy. */
  readonly leadDoes?: (at: number) => Parameters<Rig['sim']['world']['at']>[1]
}

/** An originate to a lead, as FreeSWITCH read it. */
export interface Dial {
  readonly at: number
  readonly uuid: string
  readonly phone: string
}

export interface Attempt {
  readonly id: string
  readonly phone: string
  readonly state: AttemptState
  readonly disposition: string | null
  readonly cause: string | null
  /** Milliseconds since the epoch. */
  readonly intended: number
  readonly ended: number | null
}

export class CampaignInRig {
  readonly rig: Rig
  readonly id: string
  /** The settings that a node needs for it. */
  static readonly settings = { SCRIPTS, CPS: '1000', MAX_LINES: '1000', GATEWAY: 'carrier' }
  /** How often a leg with this name was created: twice is a telephone that rang twice. */
  readonly created = new Map<string, number>()

  readonly #options: CampaignOptions
  #leads = 0

  private constructor(rig: Rig, id: string, options: CampaignOptions) {
    this.rig = rig
    this.id = id
    this.#options = options
    const create = rig.sim.createChannel.bind(rig.sim)
    rig.sim.createChannel = (uuid, ...rest) => {
      this.created.set(uuid, (this.created.get(uuid) ?? 0) + 1)
      return create(uuid, ...rest)
    }
  }

  /**
   * Runs from now on; nodes that are started afterwards dial it. Each lead is called once at most, unless FreeSWITCH
   * refused.
   */
  static async open(rig: Rig, options: CampaignOptions): Promise<CampaignInRig> {
    const { agents, leads, cps, tries, name: campaign = 'spring', queue = 'sales', mode = 'progressive' } = options
    await rig.queueStore.put({ name: queue, strategy: 'longest-idle-agent' })
    for (let at = 0; at < agents; at++) {
      const name = `nailed-${queue}-${at}`
      rig.sim.world.at(`user/${name}`, { answers: '100ms', speaks: 'human' })
      await rig.roster.put(
        {
          name,
          endpoint: `user/${name}`,
          wrapUpMs: 0,
          ringForMs: 20_000,
          queues: [{ queue, level: 1, position: 1 }],
        },
        Date.now(),
      )
      await rig.roster.setStatus(name, 'ready', Date.now())
    }
    const settings = campaignFrom({
      name: campaign,
      queue,
      mode,
      maxLines: 1_000,
      cps,
      maxAttempts: tries?.most ?? 1,
      ringForMs: 15_000,
      ...(tries && { retry: { busy: { after: tries.after } } }),
    })
    const { id } = await putCampaign(rig.sql, settings)
    const inRig = new CampaignInRig(rig, id, options)
    await inRig.add(leads)
    await moveCampaign(rig.sql, id, ['draft'], 'running', Date.now())
    return inRig
  }

  /** So many leads more. */
  async add(leads: number): Promise<void> {
    const { rig, id } = this
    const { leadDoes = () => ({ answers: 'busy' }), firstNumber = FIRST_NUMBER } = this.#options
    for (let n = 0; n < leads; n++) {
      const at = this.#leads++
      const phone = `+49${firstNumber + at}`
      rig.sim.world.at(`sofia/gateway/carrier/${phone}`, leadDoes(at))
      await addLead(rig.sql, id, phone, Date.now())
    }
  }

  /** How many leads may still be called. */
  async ready(): Promise<number> {
    const [row] = await this.rig.sql<[{ n: number }]>`
      select count(*) as n from leads where campaign_id = ${this.id} and state = 'ready'`
    return row.n
  }

  /** In the order in which FreeSWITCH read them. */
  get dials(): Dial[] {
    return this.rig.oracle.commands.flatMap(({ at, text }) => {
      const [, uuid, phone] = /originate .*origination_uuid='?([0-9a-f-]{36}).*carrier\/(\+\d+)/.exec(text) ?? []
      return uuid !== undefined && phone !== undefined ? [{ at, uuid, phone }] : []
    })
  }

  /** Originates that were sent twice, and legs that were created twice. */
  get doubles(): number {
    const { dials } = this
    return (
      dials.length -
      new Set(dials.map(dial => dial.uuid)).size +
      [...this.created.values()].filter(times => times > 1).length
    )
  }

  async attempts(): Promise<Attempt[]> {
    return this.rig.sql<Attempt[]>`
      select a.id, l.phone, a.state, a.disposition, a.cause, extract(epoch from a.intended_at) * 1000 as intended, extract(epoch from a.ended_at) * 1000 as ended
      from attempts a join leads l on l.id = a.lead_id where a.campaign_id = ${this.id} order by a.intended_at`
  }

  /** FreeSWITCH has read this many dials. */
  async dialled(howMany: number, withinMs = 30_000): Promise<void> {
    await until(`${howMany} leads are dialled`, () => this.dials.length >= howMany, withinMs)
  }

  /** Nobody is dialled any more. */
  async stop(): Promise<void> {
    await moveCampaign(this.rig.sql, this.id, ['running'], 'paused', Date.now())
  }

  /** Resolves when every attempt has ended; after the limit, with those that have not. */
  async allEnded(withinMs: number): Promise<Attempt[]> {
    const open = async () => (await this.attempts()).filter(({ state }) => state !== 'ended')
    // the row reports it
    await until('every attempt has ended', async () => (await open()).length === 0, withinMs).catch(() => {})
    return open()
  }
}

/** The largest number of these times that lie within one second. */
export function mostInASecond(moments: readonly number[]): number {
  const sorted = [...moments].sort((a, b) => a - b)
  return Math.max(0, ...sorted.map((moment, at) => sorted.findLastIndex(other => other < moment + 1_000) - at + 1))
}
