/**
 * The campaigns that this node dials: the running ones whose lease it holds. It takes a campaign over when another node
 * releases it or dies.
 */
import type { RedisHome } from '../agent/redis-roster.ts'
import type { Timer } from '../base/clock.ts'
import { Outage } from '../base/outage.ts'
import { campaignNamed, campaigns, claimCampaign, type Switches } from '../store/campaigns.ts'
import type { Wakeup } from './dial-wakeup.ts'
import { countsFor } from './agent-shares.ts'
import type { Campaign } from './campaign.ts'
import { dialsAhead } from './dial-modes.ts'
import { Dialer, type DialerContext } from './dialer.ts'
import { takeLease, type Lease } from './lease.ts'
import { readNumbersAgain } from './read-again.ts'
import type { NailedAgents } from './nailed-agents.ts'

export interface OwnerOptions {
  redis: RedisHome
  context: Omit<DialerContext, 'countsFor'>
  nailed: Pick<NailedAgents, 'need'>
  /** The kind of switch on which this node dials (default: freeswitch). Campaigns of the other kind are not dialled. */
  switches?: Switches
}

/** Delay after Redis or PostgreSQL failed. */
const FAULT_MS = 1_000
/**
 * When a lease runs out, the node that has run for longest asks for it first, a new one so much later: the older one
 * has heard which legs of the dead node FreeSWITCH created, so it calls leads again who were never dialled
 * (overdue-attempts.ts).
 */
const NEW_NODE_WAITS_MS = 2_000
/** So long after its start a node has heard of every leg whose attempt may still be open. */
const HAS_HEARD_MS = 180_000

const FOREIGN =
  'campaign not dialled: it began on another kind of switch (simulated or real); create another campaign for this kind'

interface Tenure {
  campaign: Campaign
  over: boolean
  asking: boolean
  lease: Lease | null
  dialer: Dialer | null
  need: Disposable | null
  retry: Timer | null
}

export class CampaignOwner {
  readonly #options: OwnerOptions
  /** Outages of PostgreSQL, and of the leases in Redis. */
  readonly #reading: Outage
  readonly #leases: Outage
  readonly #tenures = new Map<string, Tenure>()
  #listening: Disposable | null = null
  #retry: Timer | null = null
  /** By the monotonic clock, ms. */
  #startedAt = 0
  #news: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: OwnerOptions) {
    this.#options = options
    const { clock, log } = options.context
    this.#reading = new Outage({ what: 'the list of campaigns', fields: {}, clock, log })
    this.#leases = new Outage({ what: 'the table of campaign leases', fields: {}, clock, log })
  }

  /** Takes the campaigns that run already, and follows every change from now on. */
  start(): void {
    this.#startedAt = this.#options.context.clock.monotonic()
    this.#listening = this.#options.context.wakeup.on(ring => this.#hear(ring))
  }

  /** The dialers of this node, by the name of the campaign. */
  get dialers(): ReadonlyMap<string, Dialer> {
    const here = [...this.#tenures.values()].flatMap(({ campaign, dialer }) =>
      dialer ? [[campaign.name, dialer] as const] : [],
    )
    return new Map(here)
  }

  /**
   * Nothing is dialled from now on; other nodes may take the campaigns over at once. 'let-go': no other node dials, so
   * the leads at which agents look are given back.
   */
  async close(previews: 'stay' | 'let-go' = 'stay'): Promise<void> {
    this.#closed = true
    this.#retry?.cancel()
    this.#listening?.[Symbol.dispose]()
    await Promise.all([this.#news, ...[...this.#tenures.keys()].map(name => this.#end(name, previews))])
  }

  #hear(ring: Wakeup): void {
    if (ring.what === 'freed' || ring.what === 'gateways') return
    this.#news = this.#news.then(async () => {
      if (this.#closed) return
      try {
        await (ring.what === 'campaign' ? this.#look(ring.name) : this.#lookAtAll())
        this.#reading.end()
      } catch (error) {
        this.#reading.away((error as Error).message)
        this.#retry?.cancel()
        this.#retry = this.#options.context.clock.after(FAULT_MS, () => this.#hear({ what: 'resync' }))
      }
    })
  }

  async #lookAtAll(): Promise<void> {
    const running = await campaigns(this.#options.context.leads.sql, 'running')
    const names = new Set(running.map(campaign => campaign.name))
    for (const name of this.#tenures.keys()) if (!names.has(name)) await this.#end(name, 'let-go')
    for (const campaign of running) this.#take(campaign)
  }

  async #look(name: string): Promise<void> {
    const campaign = await campaignNamed(this.#options.context.leads.sql, name)
    if (campaign?.state === 'running') this.#take(campaign)
    else await this.#end(name, 'let-go')
  }

  #take(campaign: Campaign): void {
    if (this.#closed) return
    const known = this.#tenures.get(campaign.name)
    const tenure: Tenure = known ?? {
      campaign,
      over: false,
      asking: false,
      lease: null,
      dialer: null,
      need: null,
      retry: null,
    }
    const moved = tenure.campaign.queue !== campaign.queue
    tenure.campaign = campaign
    this.#tenures.set(campaign.name, tenure)
    if (!tenure.dialer) return void this.#ask(tenure)
    tenure.dialer.campaign = campaign
    if (moved) this.#needAgents(tenure)
  }

  async #ask(tenure: Tenure): Promise<void> {
    const { redis, context, switches = 'freeswitch' } = this.#options
    if (tenure.asking || tenure.over || tenure.lease) return
    tenure.asking = true
    tenure.retry?.cancel()
    let again: number = FAULT_MS
    try {
      if (!(await claimCampaign(context.leads.sql, tenure.campaign.id, switches)))
        return void context.log.warn({ campaign: tenure.campaign.name, switches }, FOREIGN)
      const answer = await takeLease({
        home: redis,
        campaign: tenure.campaign,
        node: context.node,
        clock: context.clock,
        log: context.log,
      })
      this.#leases.end()
      if (typeof answer !== 'number') return await this.#begin(tenure, answer)
      again = answer + this.#waitsForOlder
    } catch (error) {
      this.#leases.away((error as Error).message)
    } finally {
      tenure.asking = false
    }
    if (!tenure.over) tenure.retry = context.clock.after(again, () => void this.#ask(tenure))
  }

  /** In milliseconds. */
  get #waitsForOlder(): number {
    const ran = this.#options.context.clock.monotonic() - this.#startedAt
    return Math.round(NEW_NODE_WAITS_MS * Math.max(0, 1 - ran / HAS_HEARD_MS))
  }

  async #begin(tenure: Tenure, lease: Lease): Promise<void> {
    const { context } = this.#options
    if (tenure.over) return lease.giveBack()
    context.log.info(
      { campaign: tenure.campaign.name, epoch: lease.epoch },
      'campaign lease taken; this node dials the campaign',
    )
    tenure.lease = lease
    await this.#readNumbers(tenure, lease)
    if (tenure.over || tenure.lease !== lease) return
    tenure.dialer = new Dialer(
      { ...context, countsFor: (agent, campaign) => countsFor(agent, campaign, this.#ahead) },
      tenure.campaign,
      () => lease.holds,
      () => void this.#giveUp(tenure, lease),
    )
    this.#needAgents(tenure)
    void lease.lost.then(() => this.#asAnew(tenure))
  }

  /** Somebody may have set the country since the list was imported. Nobody is dialled before. */
  async #readNumbers(tenure: Tenure, lease: Lease): Promise<void> {
    const { campaign } = tenure
    const { leads, clock, country, log } = this.#options.context
    const its = campaign.country ?? country
    if (!its) return
    try {
      await readNumbersAgain(leads.sql, campaign.id, its, clock.now(), () => lease.holds && !tenure.over)
    } catch (error) {
      log.warn(
        { campaign: campaign.name, error: (error as Error).message },
        'reading the numbers of a campaign again failed; they are dialled as they are stored',
      )
    }
  }

  /**
   * The dialer hangs, although this node could renew the lease for ever: gives the lease back for other nodes, and asks
   * for it again after the turn.
   */
  async #giveUp(tenure: Tenure, lease: Lease): Promise<void> {
    if (tenure.lease !== lease) return
    this.#options.context.log.warn(
      { campaign: tenure.campaign.name },
      'dialling a campaign hung; this node gives its lease back',
    )
    await Promise.all([this.#asAnew(tenure), this.#giveBack(tenure, lease)])
  }

  async #asAnew(tenure: Tenure): Promise<void> {
    tenure.asking = true // no request before the turn is over
    await this.#rest(tenure, 'stay')
    tenure.asking = false
    await this.#ask(tenure)
  }

  /** The running campaigns of all nodes that dial ahead of their agents. */
  get #ahead(): Campaign[] {
    return [...this.#tenures.values()].map(({ campaign }) => campaign).filter(dialsAhead)
  }

  #needAgents(tenure: Tenure): void {
    const before = tenure.need
    tenure.need = this.#options.nailed.need(tenure.campaign.queue)
    before?.[Symbol.dispose]()
  }

  async #rest(tenure: Tenure, previews: 'stay' | 'let-go'): Promise<void> {
    const { dialer, need } = tenure
    tenure.dialer = tenure.need = tenure.lease = null
    await dialer?.stop(previews)
    need?.[Symbol.dispose]()
  }

  async #end(name: string, previews: 'stay' | 'let-go'): Promise<void> {
    const tenure = this.#tenures.get(name)
    if (!tenure) return
    this.#tenures.delete(name)
    tenure.over = true
    tenure.retry?.cancel()
    const { lease } = tenure
    // in parallel: a slow turn must not delay other nodes
    await Promise.all([this.#rest(tenure, previews), lease && this.#giveBack(tenure, lease)])
  }

  async #giveBack({ campaign }: Tenure, lease: Lease): Promise<void> {
    try {
      await lease.giveBack()
    } catch (error) {
      this.#options.context.log.warn(
        { campaign: campaign.name, error: (error as Error).message },
        'giving a campaign lease back failed; the lease expires',
      )
    }
  }
}
