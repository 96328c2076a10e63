/** The commands by which a connection subscribes to events (parse_command of mod_event_socket). */
import type { EventFormat } from './event.ts'
import { eventNamed, everyOther } from './event-names.ts'
import type { Listener } from './listener.ts'

const MY_EVENTS = (
  'CHANNEL_ANSWER CHANNEL_APPLICATION CHANNEL_BRIDGE CHANNEL_CREATE CHANNEL_DATA CHANNEL_DESTROY CHANNEL_EXECUTE ' +
  'CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_ORIGINATE CHANNEL_UUID CHANNEL_OUTGOING CHANNEL_PARK ' +
  'CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_STATE CHANNEL_UNBRIDGE CHANNEL_UNPARK DETECTED_SPEECH DTMF NOTALK TALK'
).split(' ')

const wordsOf = (argument: string): string[] =>
  argument
    .trim()
    .split(/ +/)
    .filter(word => word !== '')

export function filter(listener: Listener, argument: string): void {
  const [, first = '', rest] = /^ *(\S+)(?: (.*))?$/.exec(argument) ?? []
  if (first.toLowerCase() === 'delete' && rest !== undefined) {
    const [, name = '', value] = /^(\S+)(?: (.*))?$/.exec(rest) ?? []
    listener.filters =
      name.toLowerCase() === 'all'
        ? []
        : listener.filters.filter(
            f => f.name.toLowerCase() !== name.toLowerCase() || (value !== undefined && f.value !== value),
          )
    return listener.reply(`+OK filter deleted. [${name}][${value ?? ''}]`)
  }
  const [, name = first, value = rest] =
    first.toLowerCase() === 'add' && rest !== undefined ? (/^(\S+) (.*)$/.exec(rest) ?? []) : []
  if (value === undefined) return listener.reply('-ERR invalid syntax')
  listener.filters.push({ name, value })
  listener.subscribe(listener.wantsEvents)
  listener.reply(`+OK filter added. [${name}]=[${value}]`)
}

/** An inbound connection names a leg. When that leg does not exist, the connection gets the events of every leg. */
export function myEvents(listener: Listener, argument: string): void {
  if (listener.myEvents) return listener.reply('-ERR aready enabled.')
  if (!listener.channel) {
    if (!argument.startsWith(' ')) return listener.reply('-ERR command not found')
    const [uuid = '', format] = wordsOf(argument)
    const channel = listener.sim.locate(uuid)
    if (!channel && format !== undefined) return listener.reply('-ERR invalid uuid')
    listener.channel = channel
    channel?.listeners.add(listener)
  }
  for (const name of MY_EVENTS) listener.events.add(name)
  listener.myEvents = true
  listener.subscribe(true)
  const format = /xml|json/i.exec(argument)?.[0]?.toLowerCase()
  if (format) listener.format = format as EventFormat
  listener.reply('+OK Events Enabled')
}

/**
 * Words that name no event are ignored; the command is refused only when no word names one. FreeSWITCH therefore does
 * not report a misspelt name among others. Here it goes into `unknown`, and the test fails.
 */
export function event(listener: Listener, argument: string): void {
  const [first = '', ...others] = wordsOf(argument)
  const format = /^(plain|json|xml)$/i.exec(first)?.[1]?.toLowerCase() as EventFormat | undefined
  if (format) listener.format = format
  const names = format || first === '' ? others : [first, ...others]
  let custom = false
  let known = 0
  for (const word of names) {
    if (custom) listener.subclasses.add(word)
    else {
      const name = eventNamed(word)
      if (name === undefined) listener.sim.unknown.push(`event ${word}`)
      else {
        known++
        listener.events.add(name)
        custom ||= name === 'CUSTOM'
      }
    }
  }
  if (known === 0) return listener.reply('-ERR no keywords supplied')
  listener.subscribe(true)
  listener.reply(`+OK event listener enabled ${listener.format}`)
}

export function nixEvent(listener: Listener, argument: string): void {
  let custom = false
  let known = 0
  for (const word of wordsOf(argument)) {
    if (custom) {
      listener.subclasses.delete(word)
      continue
    }
    const name = eventNamed(word)
    if (name === undefined) continue
    known++
    if (name === 'CUSTOM') custom = true
    else if (name === 'ALL') listener.events.clear()
    else if (!listener.events.delete('ALL')) listener.events.delete(name)
    else for (const other of everyOther(name)) listener.events.add(other)
  }
  if (known === 0) return listener.reply('-ERR no keywords supplied')
  listener.subscribe(true)
  listener.reply('+OK events nixed')
}

export function noEvents(listener: Listener): void {
  listener.forgetQueue()
  const was = listener.wantsEvents
  listener.subscribe(false)
  listener.events.clear()
  listener.subclasses.clear()
  listener.reply(was ? '+OK no longer listening for events' : '-ERR not listening for events')
}
