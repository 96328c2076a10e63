/**
 * What Prometheus reads: the floor as it is now, from the stores, so every process with the role desk tells the same;
 * and what this process itself does. docs/metrics.md lists all names.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { StoredEvent } from '../../events/envelope.ts'
import type { QueueFigures } from '../../queue/figures.ts'
import type { DialledCampaign, Floor } from '../floor.ts'

export interface MetricsSource {
  /** The floor as it is now. Rejects when a store cannot be reached. */
  floor(): Promise<Pick<Floor, 'queues' | 'agents' | 'campaigns'>>
  /** FreeSWITCH servers, and whether this process has its connection to each. */
  links(): readonly { readonly name: string; readonly up: boolean }[]
  /** The receivers of events: webhooks and message queues. Rejects when PostgreSQL cannot be reached. */
  receivers(): Promise<readonly Receiver[]>
  readonly version: string
}

export interface Receiver {
  readonly name: string
  /** Events that it has not got yet, about: some numbers are missing. */
  readonly behind: number
  /** Deliveries that failed one after the other. */
  readonly failures: number
}

/** Seconds: from an answer out of memory to one that waits for a telephone. */
const HTTP_BUCKETS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5, 30]
/** Seconds: waits of callers. */
const WAIT_BUCKETS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600]

export class Metrics {
  readonly contentType: string
  readonly #source: MetricsSource
  readonly #registry = new Registry()
  readonly #requests: Histogram
  readonly #waits: Histogram
  readonly #events: Counter
  readonly #floor: FloorMetrics
  /** Whoever reads at the same time gets one reading. */
  #reading: Promise<string> | null = null

  constructor(source: MetricsSource) {
    const registers = [this.#registry]
    this.#source = source
    this.contentType = this.#registry.contentType
    collectDefaultMetrics({ register: this.#registry })
    this.#requests = new Histogram({
      ...{ name: 'cc_http_request_duration_seconds', help: 'requests to the HTTP API, by path and status' },
      ...{ labelNames: ['method', 'route', 'status'], buckets: HTTP_BUCKETS, registers },
    })
    this.#waits = new Histogram({
      ...{ name: 'cc_queue_wait_seconds', help: 'waits of callers who were answered' },
      ...{ labelNames: ['queue'], buckets: WAIT_BUCKETS, registers },
    })
    this.#events = new Counter({
      ...{ name: 'cc_events_total', help: 'events that this process has seen', labelNames: ['type'], registers },
    })
    new Gauge({ name: 'cc_build_info', help: 'the version of Switchhook', labelNames: ['version'], registers }).set(
      { version: source.version },
      1,
    )
    this.#floor = new FloorMetrics(registers)
  }

  /** `route` is the path with its names in braces, so that there are only so many. */
  request(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status }, seconds)
  }

  /** An event of any process. */
  hear({ type, data }: Pick<StoredEvent, 'type' | 'data'>): void {
    this.#events.inc({ type })
    const { queue, waitedMs } = data as Readonly<Record<string, unknown>>
    if (type === 'queue.call.answered' && typeof queue === 'string' && typeof waitedMs === 'number')
      this.#waits.observe({ queue }, waitedMs / 1_000)
  }

  /** The text that Prometheus reads. A store that cannot be reached is told in it. */
  text(): Promise<string> {
    return (this.#reading ??= this.#read().finally(() => (this.#reading = null)))
  }

  async #read(): Promise<string> {
    const [floor, receivers] = await Promise.all([
      this.#source.floor().catch(() => null),
      this.#source.receivers().catch(() => []),
    ])
    this.#floor.show(floor, this.#source.links(), receivers)
    return this.#registry.metrics()
  }
}

type Labels = Readonly<Record<string, string>>

/** Set anew at each reading: what is gone is told no more. */
class FloorMetrics {
  readonly #all = new Map<string, Gauge | Counter>()
  readonly #registers: Registry[]

  constructor(registers: Registry[]) {
    this.#registers = registers
  }

  show(
    floor: Awaited<ReturnType<MetricsSource['floor']>> | null,
    links: ReturnType<MetricsSource['links']>,
    receivers: readonly Receiver[],
  ): void {
    for (const one of this.#all.values()) one.reset()
    this.#gauge('cc_stores_up', '1: the figures of the floor could be read', {}, floor ? 1 : 0)
    for (const { name, up } of links)
      this.#gauge('cc_esl_up', '1: connected to this FreeSWITCH', { node: name }, up ? 1 : 0)
    for (const { name, behind, failures } of receivers) {
      this.#gauge('cc_webhook_behind_events', 'events that it has not got yet, about', { receiver: name }, behind)
      this.#gauge('cc_webhook_failures', 'deliveries that failed one after the other', { receiver: name }, failures)
    }
    if (!floor) return
    for (const [state, count] of Object.entries(floor.agents))
      this.#gauge('cc_agents', 'agents in this state', { state }, count)
    for (const queue of floor.queues) this.#showQueue(queue)
    for (const campaign of floor.campaigns) this.#showCampaign(campaign)
  }

  #showQueue({ name: queue, waiting, offered, longestWaitMs, callbacks, agents, since }: QueueFigures): void {
    this.#gauge(
      'cc_queue_waiting_calls',
      'callers who wait, those at a ringing agent too',
      { queue },
      waiting + offered,
    )
    this.#gauge('cc_queue_longest_wait_seconds', 'of the callers who wait now', { queue }, (longestWaitMs ?? 0) / 1_000)
    this.#gauge('cc_queue_callbacks', 'customers who wait to be called back', { queue }, callbacks)
    for (const [state, count] of Object.entries(agents))
      this.#gauge('cc_queue_agents', 'agents of the queue in this state', { queue, state }, count)
    this.#counter('cc_queue_offered_total', 'callers who entered the queue', { queue }, since.entered)
    this.#counter('cc_queue_answered_total', 'callers who were answered', { queue }, since.answered)
    this.#counter('cc_queue_abandoned_total', 'callers who hung up before', { queue }, since.abandoned)
    this.#counter('cc_queue_callbacks_total', 'callers who asked for a callback', { queue }, since.callback)
    this.#counter('cc_queue_left_total', 'callers who left the queue otherwise', { queue }, since.left)
  }

  #showCampaign(one: DialledCampaign): void {
    const campaign = { campaign: one.name }
    for (const [result, count] of Object.entries(one.ends))
      this.#counter('cc_dialer_attempts_total', 'ended calls to leads', { ...campaign, result }, count)
    this.#gauge('cc_dialer_calls', 'calls to leads under way', campaign, one.underWay)
    this.#counter('cc_dialer_live_answers_total', 'ended calls that a person answered', campaign, one.people)
    this.#counter('cc_dialer_talks_total', 'leads who talked with an agent', campaign, one.talked)
    this.#counter(
      'cc_dialer_abandoned_total',
      'people who answered and found no agent in time',
      campaign,
      one.abandoned,
    )
    this.#gauge('cc_dialer_abandon_ratio', 'abandoned of those who answered, 0 to 1', campaign, one.abandonRate ?? 0)
    this.#gauge(
      'cc_dialer_abandon_limit_ratio',
      'what the law of the campaign allows, 0 to 1',
      campaign,
      one.abandonLimit,
    )
    this.#gauge('cc_dialer_leads_left', 'leads that are not done', campaign, one.left)
    for (const { at, free, lines, figures } of one.decided) {
      const here = { ...campaign, node: at ?? 'none' }
      this.#gauge('cc_dialer_free_agents', 'agents who could take a lead now', here, free)
      this.#gauge('cc_dialer_free_lines', 'lines that are not in use', here, lines)
      if (figures) this.#gauge('cc_dialer_ratio', 'calls for each agent', here, figures.callsPerAgent)
    }
  }

  #gauge(name: string, help: string, labels: Labels, value: number): void {
    this.#metric(Gauge, name, help, labels).set(labels, value)
  }

  /** Counts in the stores, for all nodes: a reading replaces the one before. */
  #counter(name: string, help: string, labels: Labels, value: number): void {
    this.#metric(Counter, name, help, labels).inc(labels, value)
  }

  #metric<M extends Gauge | Counter>(
    Kind: new (options: { name: string; help: string; labelNames: string[]; registers: Registry[] }) => M,
    name: string,
    help: string,
    labels: Labels,
  ): M {
    const known =
      this.#all.get(name) ?? new Kind({ name, help, labelNames: Object.keys(labels), registers: this.#registers })
    this.#all.set(name, known)
    return known as M
  }
}
