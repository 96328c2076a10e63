/**
 * What the verbs of a call need of their node: clock, log, events, listener (Door), FreeSWITCH and settings. One object
 * for a node.
 */
import type { Clock } from '../base/clock.ts'
import { SwitchError, SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Events } from '../events/events.ts'
import * as build from '../esl/api.ts'
import { api } from '../esl/command.ts'
import { varValue, type Ident, type SoundName, type Uuid, type VarValue } from '../esl/safe-text.ts'
import { LEG_PATH } from './arrival.ts'
import { type Door } from './entry.ts'
import type { Leg } from './leg.ts'
import { ParkedLeg } from './parked-leg.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import type { DetectOptions } from './verbs/detect.ts'
import type { DialReservation } from './dial-reservation.ts'

/** A leg that returns by itself arrives at a node within 90 ms (measured); after this time it is stuck. */
const RETURN_MS = 300

export interface CallSettings {
  /** Milliseconds that a telephone rings unless the flow gives another time. */
  ringForMs: number
  /** The number shown to people whom Switchhook calls; undefined: the caller's own. */
  callerId?: string | undefined
  /** The gateway through which telephone numbers are dialled. */
  gateway: Ident
  /** What a person on hold hears; undefined: nothing. */
  holdMusic?: SoundName | undefined
  /** Thresholds of answering machine detection. */
  detect: DetectOptions
  /**
   * 'host:port' at which FreeSWITCH reaches this node; undefined: a leg that it dials connects to the first node of
   * the dialplan's list.
   */
  address?: string | undefined
}

/** Agents who are reserved by name, for a call that dials them without a queue. */
export interface Colleagues {
  /** Reserves this agent for the call; else resolves with why the agent is not free. Rejects with NotFoundError. */
  reserve(leg: Leg, agent: string): Promise<(DialReservation & { readonly endpoint: string }) | string>
  /** The reservation that this agent has for the call already; undefined: none. */
  reserved(leg: Leg, agent: string): Promise<DialReservation | undefined>
}

export interface CallContextOptions {
  clock: Clock
  log: Log
  events: Events
  door: Door
  switchboard: Switchboard
  settings: CallSettings
  telephones?: Telephones | undefined
  colleagues?: Colleagues | undefined
  operate?: Operate | undefined
}

/**
 * Performs an operation (operations/) for a flow, which is `who`. Resolves with its output, rejects as it does. Passed
 * in, because the operations are above this room.
 */
export type Operate = (operation: string, input: Readonly<Record<string, unknown>>, who: string) => Promise<unknown>

/** An agent at a telephone that calls. */
export interface AgentThere {
  readonly name: string
  /** '' without one. */
  readonly jobNumber: string
  /** The call that the agent talks with, by its uuid; null: none. */
  readonly call: string | null
}

/** Which agent answers at which endpoint, as far as the installation knows. */
export interface Telephones {
  /** The name of the agent who answers at this endpoint; undefined when it is not an agent's. */
  agentAt(endpoint: string): string | undefined
  /** From now on a leg of Switchhook rings at this endpoint without a reservation by a queue. */
  occupy(endpoint: string, leg: Uuid): Occupation
  /** The agents at the telephone of this user of FreeSWITCH. */
  agentsOf(user: string, host: string): readonly AgentThere[]
}

/** Ended when the leg ends; until then no call is offered to the agent who answers there. */
export interface Occupation {
  /** `talked`: the leg was joined with another one. */
  readonly over: (talked: boolean) => void
}

export class CallContext {
  readonly clock: Clock
  readonly log: Log
  readonly events: Events
  readonly door: Door
  readonly switchboard: Switchboard
  readonly settings: CallSettings
  readonly #telephones: Telephones | undefined
  readonly colleagues: Colleagues | null
  readonly #operate: Operate | undefined
  #dials = true

  constructor(options: CallContextOptions) {
    this.clock = options.clock
    this.log = options.log
    this.events = options.events
    this.door = options.door
    this.switchboard = options.switchboard
    this.settings = options.settings
    this.#telephones = options.telephones
    this.colleagues = options.colleagues ?? null
    this.#operate = options.operate
  }

  /**
   * The drain of this node begins: it dials nobody any more. Calls that want to dial are about to be given to the next
   * node.
   */
  stopDialling(): void {
    this.#dials = false
  }

  /** Resolves when this node may dial; never settles once the drain has begun. */
  mayDial(): Promise<void> {
    return this.#dials ? Promise.resolve() : new Promise(() => {})
  }

  /**
   * The route of a leg that is dialled for a call: to the node of that call first, after that to the node that drives
   * the call.
   */
  returnRoute(
    parent: Leg,
    variables: ReadonlyMap<Ident, VarValue>,
  ): { flow: Ident; variables: ReadonlyMap<Ident, VarValue> } {
    const { address } = this.settings
    const known = new Map(variables).set('switchhook_parent' as Ident, varValue(parent.uuid))
    if (address === undefined) return { flow: LEG_PATH as Ident, variables: known }
    return { flow: `home-${LEG_PATH}` as Ident, variables: known.set('switchhook_home' as Ident, varValue(address)) }
  }

  /**
   * The FreeSWITCH on which a leg is dialled for this one: the same, because only two legs of one FreeSWITCH can be
   * joined. Throws SwitchError LINK_DOWN while that FreeSWITCH is not known.
   */
  switchOf(leg: Leg): Switch {
    const home = leg.home ?? this.switchboard.of(leg.arrival.core)
    if (!home)
      throw new SwitchError(
        'LINK_DOWN',
        'it is not known on which FreeSWITCH this call is while more than one cannot be reached: check their event sockets',
      )
    return home
  }

  /** The reservation that an agent has for this call, made by another process; undefined: none. */
  async reservedFor(leg: Leg, agent: string): Promise<DialReservation | undefined> {
    return this.colleagues?.reserved(leg, agent)
  }

  /** The name of the agent who answers at this endpoint. */
  agentAt(endpoint: string): string | undefined {
    return this.#telephones?.agentAt(endpoint)
  }

  /** The agents at the telephone of this user of FreeSWITCH. */
  agentsOf(user: string, host: string): readonly AgentThere[] {
    return this.#telephones?.agentsOf(user, host) ?? []
  }

  /** As Operate. */
  async operate(operation: string, input: Readonly<Record<string, unknown>>, who: string): Promise<unknown> {
    if (!this.#operate) throw new SwitchhookError('SERVICE', 'this process performs no operations')
    return this.#operate(operation, input, who)
  }

  occupy(endpoint: string, leg: Uuid): Occupation {
    return this.#telephones?.occupy(endpoint, leg) ?? { over() {} }
  }

  /** Hangs up a leg that belongs to Switchhook, whatever it does now. Does not wait: the end arrives as an event. */
  hangUp(leg: Leg): void {
    if (leg.phase === 'ended' || leg.phase === 'moved' || !this.door.mayDrive(leg.uuid)) return
    // not by `sendmsg hangup`: it waits behind the application that runs (mod_event_socket.c queues it)
    const kill = build.uuidKill(leg.uuid, 'NORMAL_CLEARING' as Ident)
    if (leg.conversation) leg.conversation.post(api(kill))
    else if (leg.home) void leg.home.attempt(kill)
  }

  /** Hangs up a leg that rings or was answered for a call that no longer wants it. There may be no such leg. */
  async cancelDial(parent: Leg, uuid: Uuid): Promise<void> {
    if (this.door.mayDrive(parent.uuid)) await parent.home?.attempt(build.uuidKill(uuid, 'ORIGINATOR_CANCEL' as Ident))
  }

  /**
   * After a join that did not begin: the leg of an agent who stays on the line is parked or returns to a node, any
   * other leg is hung up.
   */
  async release(leg: Leg): Promise<void> {
    if (leg instanceof ParkedLeg) {
      // also when given away: the flow of a caller who has just left may have released it. Awaited: later it would cut
      // the next talk
      if (leg.phase === 'ended' || !this.door.holds()) return
      const { flow } = leg
      if (flow === null) await leg.park(this.clock)
      else await leg.home?.attempt(build.uuidTransfer(leg.uuid, flow))
      return
    }
    if (leg.phase === 'ended' || leg.phase === 'moved') return
    if (!leg.returns) return this.hangUp(leg)
    // closed while socket_resume is false; then the leg returns by itself, unless it is stuck between two talks
    leg.letTalk()
    const fetch = this.clock.after(
      RETURN_MS,
      () => void leg.home?.attempt(build.uuidTransfer(leg.uuid, leg.arrival.path as Ident)),
    )
    const back = leg.on('phase', () => {
      fetch.cancel()
      back[Symbol.dispose]()
    })
  }

  /** The folder for recordings of a leg, on its FreeSWITCH machine. */
  recordingsOf(leg: Leg): string {
    return leg.home?.facts.recordings ?? '/tmp'
  }
}
