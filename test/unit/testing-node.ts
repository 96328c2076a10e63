/** A minimal node for the simulated FreeSWITCH's own tests: takes calls, keeps frames, and can be killed. */
import { FrameReader, type Frame } from '../../src/esl/frame.ts'
import type { Wire } from '../../src/esl/wire.ts'
import { SimulatedSwitch, VirtualClock, type SimulatedSwitchOptions } from '../../src/testing/index.ts'

export interface Taken {
  readonly wire: Wire
  readonly at: number
  uuid: string
  variables: Map<string, string>
  /** Events as 'NAME application response', replies as 'Reply-Text', notices as 'notice …'. */
  readonly said: string[]
  closed: boolean
  execute(application: string, argument?: string): void
  send(command: string): void
}

const header = (text: string, name: string) => {
  const found = new RegExp(`^${name}: (.*)$`, 'm').exec(text)
  return found ? decodeURIComponent(found[1]!) : ''
}

function told(frame: Frame): string {
  const type = header(frame.head, 'Content-Type')
  if (type === 'command/reply') return header(frame.head, 'Reply-Text')
  if (type === 'api/response') return frame.body.trim()
  if (type === 'text/disconnect-notice') return `notice ${header(frame.head, 'Content-Disposition')}`
  return ['Event-Name', 'Application', 'Application-Response']
    .map(name => header(frame.body, name))
    .filter(Boolean)
    .join(' ')
}

/**
 * A process of Switchhook at one address. `onCall` defines what it does with a call; by default it cancels the watchdog
 * and waits.
 */
export class Node {
  readonly calls: Taken[] = []
  readonly sim: SimulatedSwitch
  readonly address: string

  constructor(sim: SimulatedSwitch, address: string, onCall: (call: Taken) => void = () => {}) {
    this.sim = sim
    this.address = address
    sim.listeners.set(address, wire => this.#take(wire, onCall))
  }

  get last(): Taken {
    return this.calls.at(-1)!
  }

  /** SIGKILL: the kernel breaks every connection, and no process listens any more. */
  die(): void {
    this.sim.refuse(this.address)
    for (const call of this.calls) call.wire.destroy()
  }

  #take(wire: Wire, onCall: (call: Taken) => void): void {
    const call: Taken = {
      wire,
      at: this.sim.clock.monotonic(),
      uuid: '',
      variables: new Map(),
      said: [],
      closed: false,
      send: command => wire.write(Buffer.from(`${command}\n\n`)),
      execute: (application, argument) =>
        call.send(
          `sendmsg\ncall-command: execute\nexecute-app-name: ${application}\nevent-lock: true` +
            (argument === undefined ? '' : `\nexecute-app-arg: ${argument}`),
        ),
    }
    const reader = new FrameReader(frame => {
      if (!frame.head.startsWith('Event-Name')) return void call.said.push(told(frame))
      call.uuid = header(frame.head, 'Unique-ID')
      for (const line of frame.head.split('\n')) {
        const [, name, value] = /^variable_([^:]+): (.*)$/.exec(line) ?? []
        if (name !== undefined) call.variables.set(name, decodeURIComponent(value!))
      }
      this.calls.push(call)
      call.execute('sched_cancel', call.variables.get('last_sched_id'))
      call.send('linger 5')
      call.send('myevents')
      onCall(call)
    })
    wire.listen({ data: chunk => reader.push(chunk), close: () => void (call.closed = true) })
    call.send('connect')
  }
}

/** The link over which Switchhook commands FreeSWITCH. */
export class Link {
  readonly answers: string[] = []
  readonly events: string[] = []
  readonly #wire: Wire
  readonly #clock: VirtualClock

  constructor(sim: SimulatedSwitch, clock: VirtualClock, subscribe = '') {
    this.#clock = clock
    this.#wire = sim.connect()
    const reader = new FrameReader(frame => {
      if (frame.head.includes('text/event'))
        this.events.push([told(frame), header(frame.body, 'Unique-ID').slice(0, 8)].filter(Boolean).join(' '))
      else if (frame.head.includes('api/response')) this.answers.push(frame.body.trim())
    })
    this.#wire.listen({ data: chunk => reader.push(chunk), close() {} })
    this.#wire.write(`auth ${sim.password}\n\n${subscribe ? `event plain ${subscribe}\n\n` : ''}`)
  }

  /** Sends without waiting: several commands in one write. */
  send(...commands: string[]): void {
    this.#wire.write(Buffer.from(commands.map(command => `api ${command}\n\n`).join('')))
  }

  async api(command: string): Promise<string> {
    const before = this.answers.length
    this.send(command)
    await this.#clock.runUntil(() => this.answers.length > before, 70_000)
    return this.answers.at(-1)!
  }

  /** Dials an agent to the listener, and returns the leg's uuid when it was answered. */
  async agent(name: string): Promise<string> {
    const answer = await this.api(`originate {ignore_early_media=true}user/${name} switchhook-leg XML switchhook`)
    return answer.replace('+OK ', '')
  }

  /** The recipe of a talk: three commands in one write. `back`: the agent's leg returns to the listener too. */
  talk(caller: string, agent: string, { resume = false, back = false, cancel = true } = {}): void {
    const door = 'transfer_after_bridge=switchhook-welcome:XML:switchhook'
    this.send(
      `uuid_setvar_multi ${caller} socket_resume=${resume};${door}${cancel ? ';uuid_bridge_continue_on_cancel=true' : ''}`,
      `uuid_setvar_multi ${agent} socket_resume=${resume}${back ? `;${door}` : ''}`,
      `uuid_bridge ${caller} ${agent}`,
    )
  }

  close(): void {
    this.#wire.end()
  }
}

export const A = '127.0.0.1:8084'
export const B = '127.0.0.1:8085'

export function openSim(options: Partial<SimulatedSwitchOptions> = {}): { clock: VirtualClock; sim: SimulatedSwitch } {
  const clock = new VirtualClock()
  const sim = new SimulatedSwitch({ clock, heartbeat: false, ...options })
  sim.installEntry([A, B])
  return { clock, sim }
}

/** A caller with music at node A, an agent's leg at node A, node B in reserve. */
export async function beforeTalk() {
  const { clock, sim } = openSim({ usualSound: '60s' })
  const one = new Node(sim, A, call => (call.execute('answer'), call.execute('endless_playback', 'moh/calm.wav')))
  const two = new Node(sim, B, call => call.execute('playback', 'ivr/back.wav'))
  const phone = sim.world.at('user/alice', { answers: '1s', speaks: 'human' })
  const link = new Link(sim, clock, 'CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE')
  const caller = sim.world.call({ from: '555', to: 'switchhook-welcome' })
  await clock.advance(1_000)
  const agentUuid = await link.agent('alice')
  await clock.advance(500)
  link.events.length = 0
  return {
    clock,
    sim,
    one,
    two,
    link,
    caller,
    agent: phone.last!,
    agentUuid,
    talk: (options = {}) => link.talk(caller.uuid, agentUuid, options),
  }
}
