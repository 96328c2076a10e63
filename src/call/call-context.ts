/** What a call needs of the house it lives in. */
import type { Clock } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import * as build from '../esl/api.ts'
import { api } from '../esl/command.ts'
import { varValue, type Ident, type Uuid, type VarValue } from '../esl/safe-text.ts'
import { LEG_PATH } from './arrival.ts'
import { type Door } from './entry.ts'
import { Call } from './call.ts'
import type { Leg } from './leg.ts'
import { ParkedLeg } from './parked-leg.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import type { DetectOptions } from './verbs/detect.ts'

/** A leg that returns by itself is at the door within 90 ms (measured); one that is not is stuck. */
const RETURN_MS = 300

export interface CallSettings {
  /** Milliseconds that a telephone rings unless the flow says otherwise. */
  ringForMs: number
  /** The number shown to people we call; undefined: the caller's own. */
  callerId?: string | undefined
  /** The gateway that reaches telephone numbers. */
  gateway: Ident
  /** Thresholds of answering machine detection. */
  detect: DetectOptions
  /** 'host:port' at which the switches reach this node's door; undefined: legs that it dials come to whichever node is first in the list. */
  address?: string | undefined
}

export interface CallContextOptions {
  clock: Clock
  log: Log
  door: Door
  switchboard: Switchboard
  settings: CallSettings
  telephones?: Telephones | undefined
}

/** Whose telephone stands where, as far as the house knows. */
export interface Telephones {
  /** The agent who answers at this endpoint; undefined when it is nobody's. */
  agentAt(endpoint: string): string | undefined
  /** A leg of ours rings there from now on, and no queue has promised it. */
  occupy(endpoint: string, leg: Uuid): Occupation
}

/** To be ended when the leg has: until then whoever answers there is not offered. */
export interface Occupation {
  /** `talked`: somebody was joined with it. */
  readonly over: (talked: boolean) => void
}

export class CallContext {
  readonly clock: Clock
  readonly log: Log
  readonly door: Door
  readonly switchboard: Switchboard
  readonly settings: CallSettings
  readonly #telephones: Telephones | undefined
  #dials = true

  constructor(options: CallContextOptions) {
    this.clock = options.clock
    this.log = options.log
    this.door = options.door
    this.switchboard = options.switchboard
    this.settings = options.settings
    this.#telephones = options.telephones
  }

  /** This node goes: from now on it dials nobody. The calls that want to are about to be given to the next node. */
  stopDialling(): void {
    this.#dials = false
  }

  /** Resolves when this node may dial; never, once it goes. */
  mayDial(): Promise<void> {
    return this.#dials ? Promise.resolve() : new Promise(() => {})
  }

  /** How a leg that is dialled for a call finds that call again: its node first, and whoever drives the call after that. */
  returnRoute(
    parent: Leg,
    variables: ReadonlyMap<Ident, VarValue>,
  ): { flow: Ident; variables: ReadonlyMap<Ident, VarValue> } {
    const { address } = this.settings
    const known = new Map(variables).set('switchhook_parent' as Ident, varValue(parent.uuid))
    if (address === undefined) return { flow: LEG_PATH as Ident, variables: known }
    return { flow: `home-${LEG_PATH}` as Ident, variables: known.set('switchhook_home' as Ident, varValue(address)) }
  }

  /** Where a leg is dialled for this one: on the same switch, for only two legs of one switch can be joined. Throws LINK_DOWN as long as it is not known which that is. */
  switchOf(leg: Leg): Switch {
    const home = leg.home ?? this.switchboard.of(leg.arrival.core)
    if (!home)
      throw new SwitchError(
        'LINK_DOWN',
        'it is not known on which FreeSWITCH this call is, as long as more than one cannot be reached',
      )
    return home
  }

  /** The name of the agent whose telephone this is. */
  agentAt(endpoint: string): string | undefined {
    return this.#telephones?.agentAt(endpoint)
  }

  occupy(endpoint: string, leg: Uuid): Occupation {
    return this.#telephones?.occupy(endpoint, leg) ?? { over() {} }
  }

  /** The call that an author holds, for a leg. */
  callOf(leg: Leg): Call {
    return new Call(leg, this)
  }

  /** Ends a leg of ours, whatever it is doing. Does not wait: its end is heard. */
  hangUp(leg: Leg): void {
    if (leg.phase === 'ended' || leg.phase === 'moved' || !this.door.mayDrive(leg.uuid)) return
    // not by `sendmsg hangup`: that waits behind the application that runs (mod_event_socket.c queues it)
    const kill = build.uuidKill(leg.uuid, 'NORMAL_CLEARING' as Ident)
    if (leg.conversation) leg.conversation.post(api(kill))
    else if (leg.home) void leg.home.attempt(kill)
  }

  /** A telephone that rings, or was answered, for a call that wants it no more. There may be none. */
  async cancelDial(parent: Leg, uuid: Uuid): Promise<void> {
    if (this.door.mayDrive(parent.uuid)) await parent.home?.attempt(build.uuidKill(uuid, 'ORIGINATOR_CANCEL' as Ident))
  }

  /** After a join that did not begin: a leg that belongs to a person of ours waits parked or goes back to the door, any other ends. */
  async release(leg: Leg): Promise<void> {
    if (leg instanceof ParkedLeg) {
      // given away or not: a flow whose caller has just left may have let go of it. To be awaited: later it would cut the next talk
      if (leg.phase !== 'ended' && this.door.holds()) await leg.home?.attempt(build.uuidPark(leg.uuid))
      return
    }
    if (leg.phase === 'ended' || leg.phase === 'moved') return
    if (!leg.returns) return this.hangUp(leg)
    // its connection must be closed while socket_resume is false; then it comes back by itself, unless it got stuck between two talks
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

  /** Where recordings of a leg are written, on its switch. */
  recordingsOf(leg: Leg): string {
    return leg.home?.facts.recordings ?? '/tmp'
  }
}
