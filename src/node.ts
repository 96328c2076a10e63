/**
 * Opens a node of production: settings → stores, links to FreeSWITCH, port and lease → the composition
 * (node/compose.ts), which a simulation shares. Used by src/main.ts.
 */
import { cpuMs } from './base/clock.ts'
import { NotFoundError } from './base/errors.ts'
import type { Log } from './base/log.ts'
import { VERSION } from './base/version.ts'
import { Scope } from './base/scope.ts'
import type { AdmissionState } from './call/admission.ts'
import type { CallSettings } from './call/call-context.ts'
import { DialCapacity } from './campaign/dial-capacity.ts'
import { GatewayTable } from './campaign/gateway-table.ts'
import { SharedGatewayLines } from './campaign/gateway-lines.ts'
import { Leads } from './campaign/leads.ts'
import { LeaseThread } from './cluster/lease-thread.ts'
import { redisSwitchRuns } from './cluster/redis-switch-runs.ts'
import { ownAddress, type Config } from './config.ts'
import { Inbox } from './esl/inbox.ts'
import { openListener } from './esl/listener.ts'
import { soundName, type Ident } from './esl/safe-text.ts'
import { knock } from './esl/tcp.ts'
import { campaignLeads } from './flow/campaign-leads.ts'
import { loadFlows } from './flow/catalogue.ts'
import { redisCallStore } from './journal/redis-call-store.ts'
import type { CallActs } from './node/call-acts.ts'
import { composeNode, type DiallingParts, type ListenerParts } from './node/compose.ts'
import { Dialling } from './node/dialling.ts'
import { openHttp } from './node/http.ts'
import { NodeRequests } from './node/node-requests.ts'
import { openStores, type Stores } from './node/stores.ts'
import { openSwitch, type SwitchAddress } from './node/switches.ts'
import { openAudit } from './operations/audit.ts'
import type { CallAct } from './operations/call-act.ts'
import { loadStrategies } from './queue/strategies.ts'
import { keepAgentRows } from './record/agent-rows.ts'
import { keepCallRows } from './record/call-rows.ts'
import { deletesOldEvents } from './outbox/old-events.ts'
import { deleteOldSegments } from './record/old-segments.ts'
import { sqlCallbacks } from './queue/callbacks/callback-table.ts'
import { Definitions } from './recovery/definitions.ts'
import { closeLostCall, openCalls } from './store/calls.ts'
import { Switchboard } from './switch/switchboard.ts'

/** A running node. */
export interface Node extends AsyncDisposable {
  readonly stores: Stores
  /**
   * The names of the flows, and the address to which FreeSWITCH connects; null for a process without the role listener.
   */
  readonly door: { readonly address: string; readonly flows: readonly string[] } | null
  /** Of the HTTP API; null: without the role desk, and while another process has its port. */
  readonly deskUrl: string | null
  /** Live calls of this process. */
  readonly calls: number
  /** Whether this process accepts new calls now. */
  readonly admission: AdmissionState
  /** FreeSWITCH servers to which the node has no connection now, as host:port. */
  readonly lost: readonly string[]
  /** Calls since the start from a FreeSWITCH that the settings do not name; none of them was served. */
  readonly unnamed: number
  /** Resolves when another process has taken over the name of this one: then this process must stop. */
  readonly replaced: Promise<void>
  /**
   * Shuts the node down. Nothing new begins from this call on; then the node hands its calls to the next node and
   * closes everything. `began`: the time of the request, on the monotonic clock. Never rejects.
   */
  close(began: number): Promise<void>
  /** The step that the shutdown waits for now, and the steps that timed out before it. */
  readonly hangs: readonly string[]
}

export interface NodeOptions {
  config: Config
  /** The event sockets: those of the settings, or that of the simulated FreeSWITCH. */
  switches: readonly SwitchAddress[]
  log: Log
  say(line: string): void
  /** Writes what the stores must hold before the node takes the first call. */
  prepare?(stores: Stores): Promise<void>
  /** Called when `lost` has changed. */
  linked?(): void
}

const NO_ADDRESS =
  'LISTEN names no single address: set NODE_ADDRESS, else FreeSWITCH offers legs that this node dials to any node first'

/**
 * Opens what the roles of this process need, the port last. Rejects with the first failure, after it has closed what
 * was open.
 */
export async function openNode({ config, switches, log, say, prepare, linked = () => {} }: NodeOptions): Promise<Node> {
  const scope = new Scope()
  try {
    const { nodeName: node, roles, ringForMs, gateway, callerId } = config
    const catalogue = roles.includes('listener') ? await loadFlows(config.scripts) : null
    if (config.queueStrategies !== null) await loadStrategies(config.queueStrategies)
    const stores = scope.use(await openStores(config, log, say))
    const { sql, home, redis, roster, wakeup, statuses, queueStore, events, clock } = stores
    const switchboard = new Switchboard()
    for (const at of switches) switchboard.add(await openSwitch(at, { clock, log, events, scope, linked }))
    const capacity = new DialCapacity(home, { lines: config.maxLines, cps: config.cps })
    const gatewayTable = new GatewayTable({ sql, wakeup, clock, log })
    scope.defer(() => gatewayTable[Symbol.dispose]())
    await gatewayTable.start()
    const gatewayLines = new SharedGatewayLines({ table: gatewayTable, capacity, clock, log })
    scope.defer(() => gatewayLines[Symbol.dispose]())
    switchboard.lines = gatewayLines
    const calls = redisCallStore(home.commands, clock)
    const leads = new Leads({ sql, calls, capacity, roster, clock, log, events })
    const records = scope.use(keepCallRows(sql, node, { clock, log }))
    const agentStates = scope.use(keepAgentRows(sql, { clock, log }))
    const deleting = deleteOldSegments({ sql, keepMs: config.keepSegmentsMs, clock, log })
    scope.defer(() => deleting[Symbol.dispose]())
    const forgetting = deletesOldEvents({ sql, keepMs: config.keepEventsMs, clock, log })
    scope.defer(() => forgetting[Symbol.dispose]())
    stores.outbox.watchLate()
    let acts: CallActs | null = null
    const act = async (request: CallAct) => {
      if (!acts) throw new NotFoundError('live call', request.call, null)
      await acts.perform(request)
    }
    const requests = new NodeRequests({ home, node, clock, act })
    scope.defer(() => requests[Symbol.dispose]())
    const ask = (to: string, request: CallAct) => requests.ask(to, request)
    const eventsOut = { source: config.eventsSource, allow: config.webhookAllow }
    const audit = openAudit({ sql, redis: home.commands, log })
    const { host, port } = config.listen
    const listener: ListenerParts | null = catalogue && {
      catalogue,
      settings: callSettings(config),
      key: config.doorKey ?? undefined,
      maxCalls: config.maxCalls,
      warmUp: config.warmUp,
      operations: {
        sql,
        wakeup,
        statuses,
        roster,
        queueStore,
        audit,
        country: config.country,
        eventsOut,
        scripts: config.scripts,
        ask,
      },
      cpuMs,
      async openPort(onWire) {
        const inbox = new Inbox(clock, cpuMs)
        const opened = await openListener({ host, port, allow: config.listenAllow, log, inbox, onWire })
        const address = ownAddress(config, opened.port)
        if (address === null) log.warn({ listen: host }, NO_ADDRESS)
        return { listener: opened, address }
      },
    }
    let dialling: Dialling | null = null
    const openDialling = async (parts: DiallingParts) =>
      (dialling = await Dialling.open({
        ...parts,
        ...{
          node,
          clock,
          log,
          events,
          sql,
          home,
          redis,
          roster,
          queueStore,
          switchboard,
          wakeup,
          statuses,
          capacity,
          gatewayTable,
          leads,
          ringForMs,
        },
        country: config.country,
        eventsOut,
        scripts: config.scripts,
        calls,
        acts: () => acts,
        ask,
        gateway: gateway as Ident,
        callerId: callerId ?? undefined,
        switches: config.switches.length > 0 ? 'freeswitch' : 'simulation',
      }))
    const composed = await composeNode(
      {
        ...{ node, clock, log, events, switchboard, roster, queueStore, calls, records, agentStates, listener, knock },
        runs: redisSwitchRuns(home.commands),
        rows: { open: () => openCalls(sql), lost: (uuid, at) => closeLostCall(sql, uuid, at) },
        leads: { ...campaignLeads(leads), presume: (uuid, cause) => leads.presume(uuid, cause) },
        callbacks: sqlCallbacks(sql),
        starts: { start: at => capacity.start(at, clock.now()) },
        wrapUpAfterDial: config.wrapUpAfterDial === 'yes',
        dialects: config.eventsCompat,
        openLease: address => new LeaseThread({ redis, node, address, roles, clock, log }),
        prepare: async () => prepare?.(stores),
        async openDefinitions(mirror, restored) {
          const definitions = new Definitions({ sql, roster, queueStore, mirror, clock, log, restored })
          await definitions.start()
          return definitions
        },
        openDialling: roles.includes('dialer') ? openDialling : null,
      },
      scope,
    )
    const { listening, lease } = composed
    acts = listening?.acts ?? null
    const http = roles.includes('desk')
      ? await openHttp({
          ...{ listen: config.deskListen, tls: config.deskTls, behindProxy: config.deskProxy },
          eventsTo: config.eventsTo,
          eventsNumbers: config.eventsNumbers,
          ...{ stores, country: config.country, eventsOut, scripts: config.scripts, dialling, clock, log },
          links: () => switchboard.switches.map(({ name, up }) => ({ name, up })),
          version: VERSION,
        })
      : null
    const close = async (began: number) => {
      const closing = composed.close(began) // first: nothing new may begin from the signal on
      await Promise.all([http?.[Symbol.asyncDispose](), closing])
    }
    return {
      get deskUrl() {
        return http?.url ?? null
      },
      stores,
      door: catalogue && { address: `${host}:${composed.port}`, flows: catalogue.names },
      get calls() {
        return listening?.flows.live ?? 0
      },
      get admission() {
        return listening?.admission.state ?? 'open'
      },
      get lost() {
        return switchboard.switches.filter(one => !one.up).map(one => one.name)
      },
      get unnamed() {
        return listening?.door.callsOfUnknownSwitches ?? 0
      },
      get hangs() {
        return composed.hangs
      },
      replaced: new Promise(resolve => lease.on('lapsed', ({ forGood }) => forGood && resolve())),
      close,
      [Symbol.asyncDispose]: () => close(clock.monotonic()),
    }
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

function callSettings(config: Config): CallSettings {
  return {
    ringForMs: config.ringForMs,
    gateway: config.gateway as Ident,
    callerId: config.callerId ?? undefined,
    holdMusic: soundName(config.holdMusic),
    detect: {
      initialSilence: `${config.amdMaxSilenceMs}ms`,
      greeting: `${config.amdGreetingMs}ms`,
      afterGreeting: `${config.amdAfterGreetingMs}ms`,
    },
  }
}
