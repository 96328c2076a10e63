/**
 * One leg: its state, flags, variables and profile. thread.ts runs its states, channel-text.ts describes it in events.
 */
import type { Timer } from '../../base/clock.ts'
import type { Header } from './event.ts'
import type { Listener } from './listener.ts'
import type { Person } from './person.ts'
import type { Profile, Direction } from './profile.ts'
import { HANGUP_REACTION_MS, Pulse } from './pulse.ts'
import type { Recording } from './recording.ts'
import type { SimulatedSwitch } from './simulated-switch.ts'
import { CALL_STATES, isDown, stateNumber, type CallState, type ChannelState } from './states.ts'
import { Variables } from './variables.ts'

export interface Action {
  readonly application: string
  readonly data: string
}

/** A command in a channel's private queue, from `sendmsg` or a broadcast. */
export interface PrivateCommand {
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export interface Digit {
  readonly digit: string
  readonly source: 'APP' | 'RTP'
}

/** The other leg of this call, as events describe it. */
export interface OtherLeg {
  readonly type: 'originator' | 'originatee'
  readonly profile: Profile
}

export class Channel {
  readonly sim: SimulatedSwitch
  readonly uuid: string
  readonly name: string
  readonly direction: Direction
  readonly variables = new Variables()
  readonly pulse: Pulse
  readonly createdAt: number
  profile: Profile
  otherLeg: OtherLeg | undefined
  /** The person at the other end of the line. */
  person: Person | undefined

  state: ChannelState = 'CS_NEW'
  running: ChannelState = 'CS_NEW'
  callState: CallState = 'DOWN'
  cause: string | undefined

  /** Recovered after a crash of FreeSWITCH and not yet running again; 'bridged' when the leg was in a talk. */
  recovering: 'alone' | 'bridged' | undefined
  // FreeSWITCH's channel flags, by their names without CF_.
  answered = false
  earlyMedia = false
  ringReady = false
  dialplan = false
  /** An inbound leg that was bridged as the second one (CF_BLEG). */
  secondLeg = false
  originating = false
  transfer = false
  redirect = false
  reset = false
  controlled = false
  parked = false
  breaking: 0 | 1 | 2 = 0
  bridged = false
  bridgeOriginator = false
  uuidBridgeOriginator = false
  /** Sets the flag above when the next state begins to run (a state flag). */
  pendingUuidBridgeOriginator = false
  broadcast = false
  stopBroadcast = false
  eventLock = false
  suspended = false
  legHolding = false
  hangupHeld = false
  divertsEvents = false
  /** The table of state handlers that overrides the standard one. */
  handlers: 'none' | 'uuid-bridge' | 'audio-bridge' = 'none'
  /** The other leg between the request for the bridge and the start of the audio (`_bridge_` of the second leg). */
  bridgePeer: Channel | undefined

  /** In `eavesdrop` and `three_way`: the leg that it hears, with its partner, and who of the two hears it. */
  listensTo:
    | { readonly of: Channel; readonly heardBy: { readonly leg: boolean; readonly partner: boolean } }
    | undefined

  extension: readonly Action[] | undefined
  step = 0
  currentApplication: Action | undefined
  readonly commands: PrivateCommand[] = []
  readonly digits: Digit[] = []
  readonly recordings = new Map<string, Recording>()
  /** Outbound connections of this channel. They may outlive it (linger). */
  readonly listeners = new Set<Listener>()
  /**
   * Number of users of the ended session, such as an originate that has not returned. CHANNEL_DESTROY waits for zero.
   */
  locks = 0
  /** The states in the row of `show channels`: they do not change at the end, the row is only removed. */
  row: { state: ChannelState; callState: CallState } = { state: 'CS_NEW', callState: 'DOWN' }

  readonly #timers = new Set<Timer>()

  constructor(sim: SimulatedSwitch, uuid: string, name: string, direction: Direction, profile: Profile) {
    this.sim = sim
    this.uuid = uuid
    this.name = name
    this.direction = direction
    this.profile = profile
    this.pulse = new Pulse(sim.clock)
    this.createdAt = sim.clock.now()
  }

  get down(): boolean {
    return isDown(this.state)
  }

  get hasMedia(): boolean {
    return this.answered || this.earlyMedia
  }

  /** True when an application may continue. For the channel's own thread: false while a new state waits to be run. */
  get ready(): boolean {
    return this.readyForOthers && this.running === this.state
  }

  get readyForOthers(): boolean {
    const number = stateNumber(this.state)
    return !this.cause && number > stateNumber('CS_ROUTING') && number < stateNumber('CS_RESET') && !this.transfer
  }

  setState(state: ChannelState): void {
    if (this.state === state || (isDown(this.state) && stateNumber(state) < stateNumber(this.state))) return
    this.state = state
    // A sleeping thread wakes 1 ms later: the code that changed the state continues first.
    this.pulse.poke(this.asleep ? 1 : undefined)
  }

  /** The thread waits only for a change of state: it wakes at once. */
  asleep = false

  /** The thread begins to run a state. */
  setRunning(state: ChannelState): void {
    if (this.pendingUuidBridgeOriginator) this.uuidBridgeOriginator = true
    this.pendingUuidBridgeOriginator = false
    this.running = state
    this.transfer = false
    this.redirect = false
    if (this.direction === 'inbound' && !isDown(state)) {
      if (state === 'CS_ROUTING') this.setCallState('RINGING')
      else if (this.answered) this.setCallState('ACTIVE')
      else if (this.earlyMedia) this.setCallState('EARLY')
    }
    if (stateNumber(state) > stateNumber('CS_INIT') && !isDown(state)) this.row.state = state
    this.fire('CHANNEL_STATE')
  }

  setCallState(state: CallState): void {
    if (this.callState === state || this.callState === 'HANGUP') return
    const original = this.callState
    this.callState = state
    if (state !== 'HANGUP' && state !== 'DOWN') this.row.callState = state
    const before: Header[] = [
      ['Original-Channel-Call-State', original],
      ['Channel-Call-State-Number', String(CALL_STATES.indexOf(state))],
    ]
    this.fire('CHANNEL_CALLSTATE', { before })
  }

  /** Runs `fn` after `ms` milliseconds, unless the leg has ended by then. */
  later(ms: number, fn: () => void): void {
    const timer = this.sim.clock.after(ms, () => {
      this.#timers.delete(timer)
      fn()
    })
    this.#timers.add(timer)
  }

  /** FreeSWITCH has died: the leg does nothing more. */
  vanish(): void {
    this.state = 'CS_DESTROY'
    this.pulse.stop()
    this.#forgetTimers()
    this.person?.switchGone(this.sim.tracking.keeps(this))
  }

  #forgetTimers(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
  }

  /**
   * Ends the leg with a cause; later calls have no effect. The thread notices at its next frame, the far end at once.
   */
  hangUp(cause: string): void {
    if (this.down || this.cause) return
    if (this.legHolding) {
      this.legHolding = false
      this.hangupHeld = true
    }
    this.state = 'CS_HANGUP'
    this.cause = cause
    this.#forgetTimers()
    const partner = this.partner
    partner?.variables.set('last_bridge_hangup_cause', cause)
    if (this.bridgeOriginator) this.variables.set('last_bridge_role', 'originator')
    else if (this.bridged) this.variables.set('last_bridge_role', 'originatee')
    this.fire('CHANNEL_HANGUP')
    for (const listener of this.listeners) listener.wake()
    this.pulse.poke(this.asleep ? 1 : HANGUP_REACTION_MS)
    partner?.pulse.poke(HANGUP_REACTION_MS + 1)
    this.person?.lineDropped(cause)
  }

  /** The channel that this one is bonded with, as long as both exist. */
  get partner(): Channel | undefined {
    const uuid = this.variables.get('signal_bond')
    return uuid === undefined ? undefined : this.sim.channels.get(uuid)
  }

  fire(name: string, parts: { before?: readonly Header[]; after?: readonly Header[] } = {}): void {
    this.sim.fire(name, this, parts)
  }

  queueCommand(command: PrivateCommand): void {
    this.commands.push(command)
    this.pulse.poke()
  }

  /** The text about this channel in the list of a test's leftovers. */
  describe(): string {
    const doing = this.currentApplication?.application ?? 'no application'
    return `channel ${this.name} (${this.person?.name ?? this.uuid}) in ${this.running}, ${doing}`
  }

  get answerState(): 'hangup' | 'answered' | 'early' | 'ringing' {
    return this.down ? 'hangup' : this.answered ? 'answered' : this.earlyMedia ? 'early' : 'ringing'
  }
}
