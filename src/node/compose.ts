/**
 * Puts the parts of a node together, opens them in order, the port last, and closes them in the reverse order. It is
 * the only composition of a node: node.ts passes the parts of production (Redis, PostgreSQL, TCP, the clock of the
 * machine), and testing/simulated-node.ts those of a simulation (memory stores, wires in memory, virtual time).
 */
import type { Roster } from '../agent/roster.ts'
import { RosterMirror } from '../agent/roster-mirror.ts'
import type { Log } from '../base/log.ts'
import { toBoth, type Events } from '../events/events.ts'
import type { Scope } from '../base/scope.ts'
import type { SharedClock } from '../base/shared-clock.ts'
import type { Telephones } from '../call/call-context.ts'
import type { NodeLease } from '../cluster/node-lease.ts'
import { SwitchRuns, type SwitchRunTable } from '../cluster/switch-runs.ts'
import { ExternalCalls } from '../directory/external-calls.ts'
import { watchMailboxes } from '../directory/mailboxes.ts'
import { Registrations } from '../directory/registrations.ts'
import { agentTelephones } from '../directory/telephones.ts'
import type { Listener } from '../esl/listener.ts'
import type { Knock } from '../esl/tcp.ts'
import type { Uuid } from '../esl/safe-text.ts'
import type { Wire } from '../esl/wire.ts'
import type { CampaignLeads } from '../flow/lead.ts'
import type { CallStore } from '../journal/call-store.ts'
import type { CallbackTable } from '../queue/callbacks/callback-table.ts'
import type { CallStarts } from '../queue/callbacks/call-starts.ts'
import type { QueueStore } from '../queue/store.ts'
import type { CallRecords } from '../record/call-record.ts'
import { keepAgentStates, type AgentStateRows } from '../record/agent-states.ts'
import { turnOf } from '../recovery/grace.ts'
import { Reconciler, type ReconcileParts } from '../recovery/reconcile.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import { Closing, type Step } from './closing.ts'
import { compatEvents, type DialectName } from './compat/compat-events.ts'
import { endedNodes } from './ended-nodes.ts'
import { Listening, type ListenerSettings } from './listening.ts'
import { otherNodes, type OtherNodes } from './other-nodes.ts'
import { SharedTime } from './shared-time.ts'

interface OpenPort {
  readonly listener: Listener
  /** At which FreeSWITCH and the other nodes reach it, 'host:port'; null when there is no single address. */
  readonly address: string | null
}

/** The port, and what is served at it. */
export interface ListenerParts extends ListenerSettings {
  openPort(onWire: (wire: Wire) => void): Promise<OpenPort>
}

/** What dials campaigns (node/dialling.ts). */
interface Dials {
  start(): void
  /** Dials nobody from this call on. Returns the steps of the shutdown that are left. */
  stop(to: OtherNodes): readonly Step[]
}

export interface NodeParts {
  readonly node: string
  /** Follows the time of the table of nodes. */
  readonly clock: SharedClock
  readonly log: Log
  readonly events: Events
  readonly switchboard: Switchboard
  readonly roster: Roster
  readonly queueStore: QueueStore
  readonly calls: CallStore
  readonly runs: SwitchRunTable
  readonly records: CallRecords
  /** What agents do, for the figures. */
  readonly agentStates: AgentStateRows
  /** The records of calls that are open. */
  readonly rows: ReconcileParts['rows']
  readonly leads: CampaignLeads & NonNullable<ReconcileParts['leads']>
  readonly callbacks: CallbackTable
  /** The limit of calls per second, for callbacks. */
  readonly starts: CallStarts
  /** The setting WRAP_UP_AFTER_DIAL. */
  readonly wrapUpAfterDial: boolean
  /** The setting EVENTS_COMPAT. */
  readonly dialects: readonly DialectName[]
  /** Null: a node without the role listener. */
  readonly listener: ListenerParts | null
  openLease(address: string | null): NodeLease
  /** Tries a connection to this address (host:port) and resolves with the result. */
  knock(address: string): Promise<Knock>
  /** Writes what the stores must hold before the node takes the first call. */
  prepare(): Promise<void>
  /** Absent where queues and agents are defined in the stores alone. `restored` is called when lost data is back. */
  openDefinitions?(mirror: RosterMirror, restored: () => void): Promise<Disposable>
  /** Null: a node without the role dialer. */
  openDialling: ((parts: DiallingParts) => Promise<Dials>) | null
}

/** The parts of the composition that the dialler shares. */
export interface DiallingParts {
  readonly mirror: RosterMirror
  readonly telephones: Telephones
  readonly lease: NodeLease
}

/** A composed node that runs. */
export interface ComposedNode {
  readonly listening: Listening | null
  /** The port of the listener; null without the role listener. */
  readonly port: number | null
  readonly telephones: Telephones
  readonly lease: NodeLease
  readonly reconciler: Reconciler
  /**
   * Shuts the node down. Nothing new begins from this call on; then the node hands its calls to the next node and
   * closes everything. `began`: the time of the request, on the monotonic clock. Never rejects.
   */
  close(began: number): Promise<void>
  /** The step that the shutdown waits for now, and the steps that timed out before it. */
  readonly hangs: readonly string[]
}

/** After this time a private server is stopped by its own guard process, and a connection by the end of the process. */
const CLOSE_MS = 4_000

/**
 * Opens the node. `scope` has the parts that are open already; everything else is added to it, and the shutdown closes
 * it. Rejects with the first failure; then the caller closes the scope.
 */
export async function composeNode(parts: NodeParts, scope: Scope): Promise<ComposedNode> {
  const { node, clock, log, switchboard, roster, queueStore, calls, records, leads, callbacks, knock } = parts
  let listening: Listening | null = null
  // from here on the port is known and reserved for this process; it stays closed until the calls can be served
  const open = await parts.listener?.openPort(wire => (listening ? listening.knock(wire) : wire.destroy()))
  open?.listener.pause()
  scope.defer(() => open?.listener.stopListening())
  const address = open?.address ?? null
  const lease = parts.openLease(address)
  scope.defer(() => lease.close())
  const time = new SharedTime(clock, log)
  lease.on('answered', sample => time.hear(sample))
  await lease.start()
  const runs = new SwitchRuns({ switchboard, table: parts.runs, clock, log })
  await runs.refresh()
  await parts.prepare()

  let reconciler: Reconciler | null = null
  const mirror = new RosterMirror(roster, clock, log)
  scope.defer(() => mirror.close())
  const states = keepAgentStates({ mirror, rows: parts.agentStates, clock })
  scope.defer(() => states[Symbol.dispose]())
  const others = () => lease.peers().map(peer => peer.node)
  const compat =
    parts.dialects.length > 0
      ? compatEvents({
          ...{ dialects: parts.dialects, switchboard, mirror, node, clock, log },
          others,
          homeOf: uuid => listening?.door.legs.get(uuid as Uuid)?.home ?? null,
        })
      : null
  scope.defer(() => compat?.[Symbol.dispose]())
  const events = compat ? toBoth(parts.events, compat) : parts.events
  const definitions = await parts.openDefinitions?.(mirror, () => void reconciler?.look('Redis lost its data'))
  scope.defer(() => definitions?.[Symbol.dispose]())
  const registrations = new Registrations({ switchboard, mirror, roster, clock, log })
  scope.defer(() => registrations[Symbol.dispose]())
  const mailboxes = watchMailboxes({
    ...{ switchboard, events, log },
    queues: () => queueStore.queues(),
    isMine: name => turnOf(name, node, others()) === 0,
  })
  scope.defer(() => mailboxes[Symbol.dispose]())
  const externalCalls = new ExternalCalls({ switchboard, mirror, roster, clock, log })
  scope.defer(() => externalCalls[Symbol.dispose]())
  const telephones = agentTelephones({ mirror, roster, wrapUp: parts.wrapUpAfterDial, clock, log })
  const common = { node, clock, log, events, records, roster, mirror, switchboard, queueStore, calls, leads }
  if (open && parts.listener) {
    const settings = { ...parts.listener.settings, address: address ?? undefined }
    const { listener } = open
    const own = { settings, callbacks, starts: parts.starts, telephones, lease, listener, knock }
    listening = scope.use(new Listening({ ...common, ...parts.listener, ...own }))
  }
  const dialling = (await parts.openDialling?.({ mirror, telephones, lease })) ?? null
  scope.defer(() => void dialling?.stop(otherNodes(lease))) // when the opening fails; else it has stopped before
  const { door, flows } = listening ?? {}
  reconciler = scope.use(
    new Reconciler({
      ...common,
      leads: {
        async presume(uuid, cause, talk) {
          await leads.presume(uuid, cause, talk)
          await listening?.callingBack.presume(uuid, cause, talk)
        },
      },
      rows: parts.rows,
      nodes: lease,
      runs,
      address,
      hasEnded: endedNodes(lease, knock),
      mine: uuid => flows?.drives(uuid) === true || door?.legs.has(uuid as Uuid) === true,
      legs: () => door?.legs.values() ?? [],
      takesOver: () => door?.takesOver ?? false,
      remember: async uuid => flows?.remember(uuid),
    }),
  )
  await listening?.start()
  dialling?.start()
  void reconciler.start() // not earlier: it fetches calls back to this node, which needs the open port

  let closing: Closing | null = null
  const close = async (began: number): Promise<void> => {
    if (closing) return
    closing = new Closing({ clock, log, began })
    // all of this in one turn of the event loop: what begins after the signal would have to be handed over again
    const there = otherNodes(lease)
    const dials = dialling?.stop(there) ?? []
    listening?.stop()
    log.info({ ms: closing.ms, otherNodes: there.names }, 'closing: dialling stopped, the port is closed')
    await closing.run([{ name: 'reconciliation', withinMs: 500, run: () => reconciler[Symbol.asyncDispose]() }]) // first: it would report handed-over calls as orphaned
    if (listening) await closing.run([listening.closing(there)])
    await closing.run([{ name: 'node lease', withinMs: 500, run: () => lease.close() }])
    await closing.run(dials)
    await closing.run([{ name: 'connections and stores', withinMs: CLOSE_MS, run: () => scope[Symbol.asyncDispose]() }])
    log.info({ ms: closing.ms, hung: closing.hangs }, 'closed')
  }
  return {
    listening,
    port: open?.listener.port ?? null,
    telephones,
    lease,
    reconciler,
    close,
    get hangs() {
      return closing?.hangs ?? []
    },
  }
}
