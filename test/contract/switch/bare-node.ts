/**
 * A minimal node for both worlds: takes every call at one address, and can be suspended, drained and cut off. It has no
 * verbs and no flow.
 */
import { CONNECT, EXIT, onlyOf, subscribe, api, execute, linger, type Command } from '../../../src/esl/command.ts'
import * as say from '../../../src/esl/api.ts'
import { Connection, type Reply } from '../../../src/esl/connection.ts'
import type { Wire } from '../../../src/esl/wire.ts'
import { newUuid, uuid, type AppArgument, type Ident, type Uuid } from '../../../src/esl/safe-text.ts'
import type { Listening, Place, World } from './world.ts'

export const WELCOME = 'welcome' as Ident
const FLOW_MUSIC = 'moh/calm.wav' as AppArgument
/** Without event-lock: other applications may be executed while it runs. */
const PARK = 'sendmsg\ncall-command: execute\nexecute-app-name: park\n\n' as Command

/** A connection that FreeSWITCH has opened for a leg. */
export class Held {
  readonly uuid: string
  readonly path: string | undefined
  open = true
  readonly closed: Promise<void>
  readonly #connection: Connection
  readonly #wire: Wire

  constructor(wire: Wire, connection: Connection, closed: Promise<void>, { headers }: Reply) {
    this.#wire = wire
    this.#connection = connection
    this.uuid = headers.get('Unique-ID')!
    this.path = headers.get('variable_socket_path')
    this.closed = closed.then(() => void (this.open = false))
    this.execute('sched_cancel', headers.get('variable_last_sched_id') as AppArgument)
    for (const command of [
      linger(1),
      onlyOf(this.uuid as Uuid),
      subscribe('CHANNEL_EXECUTE_COMPLETE', 'CHANNEL_HANGUP'),
    ])
      connection.post(command)
  }

  execute(application: string, argument?: AppArgument): void {
    this.#connection.post(execute(application as Ident, newUuid(), argument))
  }

  /** Waits behind the running application; while it parks, other applications may be executed. */
  park(): void {
    this.#connection.post(PARK)
  }

  /** As a suspended process: the connection stays open, nothing is read and nothing is sent. */
  stop(): void {
    this.#wire.pause()
  }

  /** The process ends, suspended or not. */
  break(): void {
    this.#wire.destroy()
  }

  /** Sends the leg to its home node and closes the connection, in one write. */
  sendHome(): void {
    for (const command of [api(say.uuidTransferHome(uuid(this.uuid), WELCOME)), EXIT]) this.#connection.post(command)
  }
}

/** Takes every call at one address: answers it and plays, or does nothing. */
export class BareNode {
  readonly calls: Held[] = []
  readonly #world: World
  readonly #waiting: (() => void)[] = []
  #listening!: Listening

  private constructor(world: World) {
    this.#world = world
  }

  static async open(world: World, at: Place, does: 'music' | 'nothing' = 'nothing'): Promise<BareNode> {
    const node = new BareNode(world)
    node.#listening = await world.listen(at, wire => {
      let gone: () => void = () => {}
      const closed = new Promise<void>(resolve => (gone = resolve))
      const connection = new Connection(wire, world.clock, { event() {}, closed: () => gone() })
      const taken = (reply: Reply) => {
        const held = new Held(wire, connection, closed, reply)
        held.execute('answer')
        if (does === 'music') held.execute('endless_playback', FLOW_MUSIC)
        node.calls.push(held)
        for (const resolve of node.#waiting.splice(0)) resolve()
      }
      connection.send(CONNECT).then(taken, () => {}) // refused: the leg was gone sooner
    })
    return node
  }

  /** The connection of the `count`th call. */
  async takes(count = 1): Promise<Held> {
    const arrived = async () => {
      while (this.calls.length < count) await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    await this.#world.within('9s', arrived(), `call ${count} comes`)
    return this.calls[count - 1]!
  }

  stopListening(): void {
    this.#listening.close()
  }

  [Symbol.dispose](): void {
    this.stopListening()
  }
}
