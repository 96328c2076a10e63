/** Keys of a leg: they stay in its queue until an application, a park or a bridge takes them. */
import type { Channel, Digit } from './channel.ts'
import type { Header } from './event.ts'

/** Queues keys. Characters that are not keys are ignored. */
export function queueKeys(channel: Channel, keys: string, source: Digit['source']): void {
  for (const digit of keys) if (/[0-9*#A-Da-dFw]/.test(digit)) channel.digits.push({ digit, source })
  channel.pulse.poke()
}

/**
 * Takes the next key out of the queue and sends its DTMF event. With divert_events only the leg's own connection
 * receives the event.
 */
export function takeKey(channel: Channel): string | undefined {
  const next = channel.digits.shift()
  if (!next) return undefined
  const after: Header[] = [
    ['DTMF-Digit', next.digit],
    ['DTMF-Duration', next.source === 'APP' ? '2000' : '2080'],
    ['DTMF-Source', next.source],
  ]
  const [listener] = channel.divertsEvents && !channel.down ? channel.listeners : []
  if (listener) listener.divert(channel.sim.event('DTMF', channel, { after }))
  else channel.fire('DTMF', { after })
  return next.digit
}
