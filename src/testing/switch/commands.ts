/** The commands of the event socket and their exact replies (parse_command of mod_event_socket). */
import { runApi } from './api/index.ts'
import { integer } from './encoding.ts'
import type { Header } from './event.ts'
import type { Listener } from './listener.ts'
import type { Packet } from './packet.ts'
import { valueOf } from './reading.ts'
import { event, filter, myEvents, nixEvent, noEvents } from './subscriptions.ts'

const LEVELS = ['console', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const

type Handler = (listener: Listener, argument: string, packet: Packet) => void | Promise<void>

/** In FreeSWITCH's order: the first entry that the text begins with is the command. */
const BEFORE_FULL: readonly (readonly [string, Handler, ('session' | 'any')?])[] = [
  ['filter ', filter],
  ['resume', resume, 'session'],
  ['connect', connect, 'session'],
  ['getvar', (l, name) => l.reply((valueOf(l.channel!, name.trim()) ?? '').slice(0, 511)), 'session'],
  ['myevents', myEvents],
  ['divert_events', divertEvents],
  ['sendmsg', sendMessage],
]

const FULL: readonly (readonly [string, Handler])[] = [
  ['sendevent', sendEvent],
  ['api ', api],
  ['bgapi ', backgroundApi],
  ['log', log],
  ['linger', linger],
  ['nolinger', nolinger],
  ['nolog', nolog],
  ['event', event],
  ['nixevent', nixEvent],
  ['noevents', noEvents],
]

/** Runs one command. While the returned promise is pending, the connection answers no other command. */
export function obeyCommand(listener: Listener, packet: Packet): void | Promise<void> {
  const { command } = packet
  const lower = command.toLowerCase()
  if (lower.startsWith('exit') || lower.startsWith('...')) {
    listener.running = false
    return listener.reply('+OK bye')
  }
  if (!listener.authorised) return authorise(listener, command)
  for (const [name, handler, scope] of BEFORE_FULL) {
    if (lower.startsWith(name) && (scope !== 'session' || listener.channel))
      return handler(listener, command.slice(name.length), packet)
  }
  for (const [name, handler] of FULL)
    if (lower.startsWith(name) && listener.full) return handler(listener, command.slice(name.length), packet)
  listener.sim.unknown.push(`command ${command.split(' ')[0]}`)
  listener.reply('-ERR command not found')
}

function authorise(listener: Listener, command: string): void {
  if (!/^auth /i.test(command)) return listener.reply('-ERR command not found')
  listener.authorised = command.slice(5) === listener.sim.password
  listener.running = listener.authorised
  listener.reply(listener.authorised ? '+OK accepted' : '-ERR invalid')
}

function connect(listener: Listener): void {
  listener.connected = true
  const channel = listener.channel!
  const data = listener.sim.event('CHANNEL_DATA', channel, {
    before: channel.profile.headers('Channel'),
    after: [
      ['Content-Type', 'command/reply'],
      ['Reply-Text', '+OK\n'],
      ['Socket-Mode', 'async'],
      ['Control', listener.full ? 'full' : 'single-channel'],
    ],
  })
  listener.write(data.plain())
  // The leg parks at once: an application that subscribes in the same write sees its CHANNEL_PARK, one that waits for
  // the reply does not.
  channel.pulse.poke(0)
}

function resume(listener: Listener): void {
  listener.resume = true
  listener.channel!.variables.set('socket_resume', 'true')
  listener.reply('+OK')
}

function divertEvents(listener: Listener, argument: string): void {
  if (!listener.channel) return listener.reply('-ERR not controlling a session.')
  if (argument.trim() === '') return listener.reply('-ERR missing value.')
  listener.channel.divertsEvents = /^ *on$/i.test(argument)
  listener.reply(listener.channel.divertsEvents ? '+OK events diverted' : '+OK events not diverted')
}

function sendMessage(listener: Listener, argument: string, packet: Packet): void {
  const uuid = argument.trim() || packet.headers.get('session-id')
  const channel = uuid ? listener.sim.locate(uuid) : listener.channel
  if (!channel) return listener.reply(`-ERR invalid session id [${uuid ?? ''}]`)
  channel.queueCommand({ headers: packet.headers, body: packet.body })
  listener.reply('+OK')
}

function sendEvent(listener: Listener, argument: string, packet: Packet): void {
  const uuid = listener.sim.newUuid()
  const subclass = packet.headers.get('event-subclass')
  const headers: Header[] = packet.written.filter(
    ([name]) => !['event-subclass', 'content-length'].includes(name.toLowerCase()),
  )
  const parts = {
    after: [['Command', packet.command] as Header, ...headers, ['Event-UUID', uuid] as Header],
    body: packet.body,
  }
  listener.sim.fire(argument.trim() || 'CUSTOM', undefined, subclass === undefined ? parts : { ...parts, subclass })
  listener.reply(`+OK ${uuid}`)
}

async function api(listener: Listener, argument: string): Promise<void> {
  const [name = '', rest = ''] = cutAtSpace(argument)
  const answer = (await runApi(listener.sim, name, rest)) || '-ERR no reply\n'
  listener.write(`Content-Type: api/response\nContent-Length: ${Buffer.byteLength(answer)}\n\n${answer}`)
}

function backgroundApi(listener: Listener, argument: string, packet: Packet): void {
  const [name = '', rest = ''] = cutAtSpace(argument)
  const job = packet.headers.get('job-uuid') ?? listener.sim.newUuid()
  listener.write(`Content-Type: command/reply\nReply-Text: +OK Job-UUID: ${job}\nJob-UUID: ${job}\n\n`)
  const owner: Header[] = listener.channel ? [['Job-Owner-UUID', listener.channel.uuid]] : []
  const headers: Header[] = [
    ['Job-UUID', job],
    ...owner,
    ['Job-Command', name],
    ...(rest === '' ? [] : [['Job-Command-Arg', rest] as Header]),
  ]
  const done = (body: string) => listener.sim.fire('BACKGROUND_JOB', undefined, { after: headers, body })
  const answer = runApi(listener.sim, name, rest)
  if (typeof answer === 'string') done(answer)
  else void answer.then(done)
}

function cutAtSpace(text: string): [string, string] {
  const space = text.indexOf(' ')
  return space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space + 1)]
}

function log(listener: Listener, argument: string): void {
  const text = argument.trim().split(' ')[0] || 'debug'
  const level = /^\d+$/.test(text) ? integer(text) : (LEVELS as readonly string[]).indexOf(text.toLowerCase())
  if (level < 0) return listener.reply('-ERR invalid log level')
  listener.sim.unknown.push('log') // only the reply is simulated: no log line is ever sent
  listener.logLevel = level
  listener.reply(`+OK log level ${argument.trim().split(' ')[0] ?? ''} [${level}]`)
}

function nolog(listener: Listener): void {
  const was = listener.logLevel
  listener.logLevel = undefined
  listener.reply(was === undefined ? '-ERR not loging' : '+OK no longer logging')
}

function linger(listener: Listener, argument: string): void {
  if (!listener.channel) return listener.reply('-ERR not controlling a session')
  const seconds = argument.trim() === '' ? -1 : integer(argument)
  listener.lingerFor(seconds)
  listener.reply(seconds < 0 ? '+OK will linger' : `+OK will linger ${seconds} seconds`)
}

function nolinger(listener: Listener): void {
  if (!listener.channel) return listener.reply('-ERR not controlling a session')
  listener.linger = undefined
  listener.reply('+OK will not linger')
}
