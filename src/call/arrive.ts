/**
 * The door: every leg enters the house here, the first time and after every talk, takeover or restart.
 * First of all the dead man's switch of the dialplan is cancelled: when hundreds arrive at once nobody may fall into the fallback.
 */
import { timingSafeEqual, createHash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import * as say from '../esl/api.ts'
import { api } from '../esl/command.ts'
import type { Wire } from '../esl/wire.ts'
import type { Ident, Uuid, VarValue } from '../esl/words.ts'
import { readArrival, type Arrival } from './arrival.ts'
import { Conversation } from './conversation.ts'
import { Leg } from './leg.ts'
import type { Switchboard } from './switchboard.ts'

/** The path of legs that we originate and that wait for the flow that asked for them. */
export const LEG_PATH = 'leg'

export interface DoorOptions {
  clock: Clock
  log: Log
  switchboard: Switchboard
  /** What every connection must carry as variable switchhook_key; undefined: any. */
  key?: string | undefined
  /** A leg that is new to this process and not awaited by anybody: its flow begins. */
  start(leg: Leg): void
}

export interface Expectation extends Disposable {
  readonly arrived: Promise<Leg>
}

export class Door {
  readonly #options: DoorOptions
  readonly #legs = new Map<Uuid, Leg>()
  readonly #expected = new Map<Uuid, (leg: Leg) => void>()

  constructor(options: DoorOptions) {
    this.#options = options
  }

  /** Legs that live here now. */
  get legs(): ReadonlyMap<Uuid, Leg> {
    return this.#legs
  }

  /** Announces a leg that we are about to originate. Once disposed, a leg that still comes is hung up. */
  expect(uuid: Uuid): Expectation {
    const arrived = new Promise<Leg>(resolve => this.#expected.set(uuid, resolve))
    return { arrived, [Symbol.dispose]: () => void this.#expected.delete(uuid) }
  }

  /** Takes a connection in. Never throws: what is wrong with it is logged and the connection closed, and the dialplan goes on. */
  async knock(wire: Wire): Promise<void> {
    const { clock, log } = this.#options
    const conversation = new Conversation(wire, clock, text => {
      // a leg that is hung up in the moment in which it ends by itself is no news
      log[text.startsWith('-ERR No such channel') ? 'debug' : 'warn']({ error: text }, 'the switch refused a command')
    })
    try {
      const data = await conversation.greet()
      const arrival = readArrival(data)
      const fault = this.#fault(arrival, data.get('Socket-Mode'), data.get('Control'))
      if (fault) {
        log.error({ peer: wire.peer, uuid: arrival.uuid }, fault)
        return conversation.destroy()
      }
      if (arrival.deadMansSwitch !== undefined) conversation.tell(api(say.schedDelete(arrival.deadMansSwitch)))
      // a leg that comes back from a talk that never began is still marked as talking: its next death would lose it
      if (!arrival.socketResume) conversation.tell(api(say.uuidSetvar(arrival.uuid, 'socket_resume' as Ident, 'true' as VarValue)))
      // a secret is not for call records: every `socket` line of the dialplan sets it anew
      if (this.#options.key !== undefined) conversation.tell(api(say.uuidUnset(arrival.uuid, 'switchhook_key' as Ident)))
      await this.#admit(arrival, conversation)
    } catch (error) {
      // whatever a stranger does to this port, the house stands
      log.warn({ peer: wire.peer, error: error instanceof Error ? error.message : String(error) }, 'a connection brought no call')
      conversation.destroy()
    }
  }

  #fault(arrival: Arrival, mode: string | undefined, control: string | undefined): string | null {
    if (mode !== 'async' || control !== 'full') return `the dialplan's socket line must end in 'async full' (it says ${mode}, ${control}): see dialplan/`
    const { key } = this.#options
    if (key !== undefined && !same(key, arrival.key)) return 'a connection did not carry the right switchhook_key: set it in dialplan/switchhook_vars.xml to DOOR_KEY'
    return null
  }

  async #admit(arrival: Arrival, conversation: Conversation): Promise<void> {
    const known = this.#legs.get(arrival.uuid)
    if (known && known.phase !== 'ended' && known.phase !== 'moved') return known.bind(conversation)

    const leg = new Leg({ arrival, home: this.#options.switchboard.of(arrival.core), clock: this.#options.clock, log: this.#options.log })
    leg.bind(conversation)
    this.#legs.set(arrival.uuid, leg)
    void leg.ended.then(() => this.#forget(leg))
    void leg.moved.then(() => this.#forget(leg))

    const awaiting = this.#expected.get(arrival.uuid)
    if (awaiting) return awaiting(leg)
    if (arrival.path !== LEG_PATH) return this.#options.start(leg)
    // answered too late: whoever asked for it has given up, and an answered telephone must not stay silent
    this.#options.log.info({ uuid: arrival.uuid }, 'a leg arrived that nobody waits for any more')
    conversation.tell(api(say.uuidKill(arrival.uuid, 'ORIGINATOR_CANCEL' as Ident)))
  }

  #forget(leg: Leg): void {
    if (this.#legs.get(leg.uuid) === leg) this.#legs.delete(leg.uuid)
  }
}

/** Compares secrets in a time that tells nothing of them. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
