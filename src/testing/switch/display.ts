/** The name and number that telephones show during a talk (switch_ivr_bridge_display, and mod_sofia's part of it). */
import type { Channel } from './channel.ts'
import type { Header } from './event.ts'

/** Time until the next media frame of the leg, in which the update is sent. */
const FRAME_MS = 20

const sent = new WeakMap<Channel, string>()

/** Sends each leg the name and number of the other one, and again only when they change. */
export function showEachOther(caller: Channel, called: Channel): void {
  const [own, other] = [caller.profile.fields, called.profile.fields]
  show(called, caller, other.callerIdName || own.callerIdName, other.callerIdNumber || own.callerIdNumber || 'UNKNOWN')
  show(caller, called, other.calleeIdName, other.calleeIdNumber || other.destinationNumber)
}

function show(channel: Channel, other: Channel, name: string, number: string): void {
  const [shownName, shownNumber] = [name || number, number].map(text => text.slice(text.lastIndexOf('/') + 1)) as [
    string,
    string,
  ]
  channel.later(FRAME_MS, () => {
    if (channel.down || !channel.answered || sent.get(channel) === `${shownName} ${shownNumber}`) return
    sent.set(channel, `${shownName} ${shownNumber}`)
    const before: Header[] = [
      ['Direction', 'SEND'],
      ['Sent-Callee-ID-Name', shownName],
      ['Sent-Callee-ID-Number', shownNumber],
      ['Bridged-To', other.uuid],
    ]
    channel.fire('CALL_UPDATE', { before })
  })
}
