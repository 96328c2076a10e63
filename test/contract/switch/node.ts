/**
 * A node of Switchhook as `main.ts` creates one, with its parts for calls: the real Door, legs, calls and links. It can
 * be killed.
 */
import type { Log } from '../../../src/base/log.ts'
import { CallEnded } from '../../../src/base/errors.ts'
import { silentEvents } from '../../../src/events/events.ts'
import { EventLink } from '../../../src/esl/events.ts'
import type { Commands } from '../../../src/esl/client.ts'
import type { Wire, WireHandlers } from '../../../src/esl/wire.ts'
import { soundName, type Ident } from '../../../src/esl/safe-text.ts'
import { Door } from '../../../src/call/entry.ts'
import { Call } from '../../../src/call/call.ts'
import { CallContext } from '../../../src/call/call-context.ts'
import type { Leg } from '../../../src/call/leg.ts'
import { Switch, Switchboard } from '../../../src/switch/switchboard.ts'
import type { Listening, Place, World } from './world.ts'

export interface NodeOptions {
  key?: string
  /** Milliseconds that a telephone rings unless the flow sets another time. */
  ringForMs?: number
}

/** What a flow does when a call comes, and how its first run ended. */
export interface Flow<T> {
  readonly call: Promise<Call>
  readonly result: Promise<T>
  readonly runs: readonly Call[]
}

export class Node {
  readonly at: Place
  readonly door: Door
  readonly context: CallContext
  readonly home: Switch
  /** Every line of the log: [level, message, fields]. */
  readonly lines: (readonly [string, string, Record<string, unknown>])[] = []
  /** Faults that no flow has caught. */
  readonly faults: unknown[] = []
  readonly #events: EventLink
  readonly #commands: Commands
  readonly #flows = new Map<string, (call: Call) => Promise<void>>()
  readonly #wires = new Set<Wire>()
  /** Called when the last connection is closed. */
  readonly #lettingGo: (() => void)[] = []
  #listening: Listening | null = null
  #dead = false

  private constructor(
    world: World,
    at: Place,
    options: NodeOptions,
    parts: { events: EventLink; commands: Commands; home: Switch; log: Log; lines: Node['lines'] },
  ) {
    this.at = at
    this.lines = parts.lines
    this.#events = parts.events
    this.#commands = parts.commands
    this.home = parts.home
    const switchboard = new Switchboard()
    switchboard.add(parts.home)
    this.door = new Door({
      clock: world.clock,
      log: parts.log,
      switchboard,
      key: options.key ?? world.doorKey,
      start: leg => void this.#start(leg),
    })
    const settings = {
      gateway: 'carrier' as Ident,
      ringForMs: options.ringForMs ?? 5_000,
      holdMusic: soundName('moh/calm'),
      detect: {},
    }
    this.context = new CallContext({
      clock: world.clock,
      log: parts.log,
      events: silentEvents,
      door: this.door,
      switchboard,
      settings,
    })
  }

  static async open(world: World, at: Place, options: NodeOptions): Promise<Node> {
    const lines: Node['lines'] = []
    const log = recordingLog(lines)
    const events = new EventLink({
      name: 'switch',
      open: () => world.openWire(),
      password: world.password,
      clock: world.clock,
      log,
    })
    const [facts, commands] = await Promise.all([events.start(), world.openCommands()])
    const home = new Switch({ name: 'switch', commands, events, facts, clock: world.clock, log })
    const node = new Node(world, at, options, { events, commands, home, log, lines })
    node.#listening = await world.listen(at, wire => {
      node.#wires.add(wire)
      const closed = () => {
        node.#wires.delete(wire)
        if (node.connections === 0) for (const left of node.#lettingGo.splice(0)) left()
      }
      node.door.accept(noticing(wire, closed)).catch(error => node.faults.push(error))
    })
    return node
  }

  /** Legs that this node still holds; a dead node holds none. */
  get remembered(): ReadonlyMap<string, Leg> {
    return this.#dead ? new Map() : this.door.legs
  }

  /** Connections of legs that are open now. */
  get connections(): number {
    return this.#wires.size
  }

  /** Resolves when no connection of a leg is open: FreeSWITCH closes one later than it connects the next node. */
  async unconnected(): Promise<void> {
    if (this.connections > 0) await new Promise<void>(resolve => this.#lettingGo.push(resolve))
  }

  /** From now on `flow` gets the calls of this path. When it has ended, the call is hung up. */
  answers<T>(path: string, flow: (call: Call) => Promise<T>): Flow<T> {
    const runs: Call[] = []
    let called: (call: Call) => void = () => {}
    let ran: (result: Promise<T>) => void = () => {}
    const call = new Promise<Call>(resolve => (called = resolve))
    const result = new Promise<T>(resolve => (ran = resolve))
    result.catch(() => {}) // a test that does not check how a flow ended still checks for faults
    this.#flows.set(path, async one => {
      runs.push(one)
      called(one)
      const running = flow(one)
      ran(running)
      await running
    })
    return { call, result, runs }
  }

  /** As kill -9: all its connections end at once, and it never does anything again. */
  kill(): void {
    if (this.#dead) return
    this.#dead = true
    this.#listening?.close()
    for (const wire of this.#wires) wire.destroy()
    void this.close()
  }

  /** Its connections break; the node lives on. */
  cut(): void {
    for (const wire of this.#wires) wire.destroy()
  }

  /** Refuses new calls, as a node that is being replaced. */
  stopListening(): void {
    this.#listening?.close()
  }

  async close(): Promise<void> {
    this.#listening?.close()
    for (const wire of this.#wires) wire.destroy()
    await Promise.all([this.#events.close(), this.#commands.close()])
  }

  async #start(leg: Leg): Promise<void> {
    const flow = this.#flows.get(leg.arrival.path)
    if (!flow)
      return void this.faults.push(new Error(`a call came for the flow '${leg.arrival.path}', which nobody awaits`))
    try {
      await flow(new Call(leg, this.context))
    } catch (error) {
      if (!(error instanceof CallEnded)) this.faults.push(error)
    }
    this.context.hangUp(leg)
  }
}

/** The same wire; `closed` is called when it is closed. */
function noticing(wire: Wire, closed: () => void): Wire {
  return {
    peer: wire.peer,
    write: bytes => wire.write(bytes),
    end: () => wire.end(),
    destroy: error => wire.destroy(error),
    pause: () => wire.pause(),
    resume: () => wire.resume(),
    listen: (handlers: WireHandlers) =>
      wire.listen({
        data: chunk => handlers.data(chunk),
        close(error) {
          closed()
          handlers.close(error)
        },
      }),
  }
}

function recordingLog(
  lines: (readonly [string, string, Record<string, unknown>])[],
  own: Record<string, unknown> = {},
): Log {
  const at = (level: string) => (fields: unknown, message?: string) => {
    if (typeof fields === 'string') lines.push([level, fields, own])
    else lines.push([level, message ?? '', { ...own, ...(fields as object) }])
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: fields => recordingLog(lines, { ...own, ...fields }),
  } as Log
}
