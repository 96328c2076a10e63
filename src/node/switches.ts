/**
 * Opens the two connections (events, commands) to one FreeSWITCH. A node also starts while a FreeSWITCH cannot be
 * reached: it serves the calls of the others, repeats the attempt with a delay that grows to 4 s, and dials on that
 * FreeSWITCH as soon as it is connected. A FreeSWITCH that refuses the password or the address means a wrong setting:
 * the node does not start.
 */
import type { Clock } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Events } from '../events/events.ts'
import type { Scope } from '../base/scope.ts'
import { Switch } from '../switch/switchboard.ts'
import { CommandLink } from '../esl/client.ts'
import { EventLink, type LinkFacts } from '../esl/events.ts'
import { connectTcp } from '../esl/tcp.ts'
import type { Wire } from '../esl/wire.ts'

/** An event socket and its password. */
export interface SwitchAddress {
  readonly host: string
  readonly port: number
  readonly password: string
}

export interface SwitchParts {
  readonly clock: Clock
  readonly log: Log
  readonly events: Events
  /** Closes both connections when the node ends. */
  readonly scope: Scope
  /** Called when the event connection went down or came up. */
  linked(): void
  /** Opens a connection to the event socket. Default: over TCP. */
  connect?(host: string, port: number): Promise<Wire>
}

/** Rejects with SwitchError SWITCH_REFUSED (password, address) or PROTOCOL (the port is not an event socket). */
export async function openSwitch(
  { host, port, password }: SwitchAddress,
  { clock, log, events: told, scope, linked, connect = connectTcp }: SwitchParts,
): Promise<Switch> {
  const name = `${host}:${port}`
  const open = () => connect(host, port)
  const events = new EventLink({ name, open, password, clock, log })
  const commands = new CommandLink({ name, host, port, open, password, clock, log })
  scope.defer(() => events.close())
  scope.defer(() => commands.close())
  const facts = await firstTry(events) // first: its error tells more about a wrong password
  const one = new Switch({ name, commands, events, facts: facts instanceof Error ? null : facts, clock, log })
  for (const what of ['down', 'up'] as const) {
    const telling = events.on(what, linked) // subscribed after the Switch, which therefore knows the state first
    events.on('closed', () => telling[Symbol.dispose]())
  }
  const connected = ({ core }: LinkFacts) => told.tell('system.switch.connected', { switch: name, core })
  const telling = [
    events.on('up', connected),
    events.on('down', () => told.tell('system.switch.disconnected', { switch: name })),
  ]
  events.on('closed', () => telling.forEach(each => each[Symbol.dispose]()))
  if (!(facts instanceof Error)) connected(facts)
  else {
    log.warn(
      { switch: name, error: facts.message },
      'FreeSWITCH cannot be reached: the node starts without it and keeps trying',
    )
    events.keepTrying(facts)
  }
  const commanded = await firstTry(commands)
  if (commanded instanceof Error) commands.keepTrying(commanded)
  return one
}

/** Resolves with the error when FreeSWITCH cannot be reached now (LINK_DOWN); rejects with every other error. */
async function firstTry<T>(link: { start(): Promise<T> }): Promise<T | SwitchError> {
  try {
    return await link.start()
  } catch (error) {
    if (error instanceof SwitchError && error.code === 'LINK_DOWN') return error
    throw error
  }
}
