/** Applications of a third leg beside a talk (switch_ivr_eavesdrop_session): it hears the leg, and may be heard. */
import type { Channel } from '../channel.ts'
import { takeKey } from '../keys.ts'
import { words } from '../separate.ts'
import type { Application } from './application.ts'

/** The key of a listener → who hears the listener: the leg itself, and the one that it talks with. */
const KEYS: Readonly<Record<string, { leg: boolean; partner: boolean }>> = {
  '0': { leg: false, partner: false },
  '1': { leg: false, partner: true },
  '2': { leg: true, partner: false },
  '3': { leg: true, partner: true },
}

/** Until one of the two legs ends. Then the extension of the third leg is over, and FreeSWITCH hangs it up. */
async function listen(channel: Channel, uuid: string, heardBy: { leg: boolean; partner: boolean }): Promise<void> {
  const of = channel.sim.locate(uuid)
  if (!of) return
  const keys = channel.variables.isTrue('eavesdrop_enable_dtmf')
  channel.listensTo = { of, heardBy }
  channel.sim.watchers.watch(of, channel.pulse)
  while (channel.ready && !of.down) {
    const key = takeKey(channel)
    const mode = keys && key !== undefined ? KEYS[key] : undefined
    if (mode) channel.listensTo = { of, heardBy: mode }
    if (key === undefined) await channel.pulse.rest(Infinity)
  }
  channel.sim.watchers.unwatch(of, channel.pulse)
  channel.listensTo = undefined
}

export const eavesdropApplications: Record<string, Application> = {
  eavesdrop: (channel, data) =>
    listen(channel, words(data, 1)[0] ?? '', {
      leg: channel.variables.isTrue('eavesdrop_whisper_bleg'),
      partner: channel.variables.isTrue('eavesdrop_whisper_aleg'),
    }),
  three_way: (channel, data) => listen(channel, words(data, 1)[0] ?? '', { leg: true, partner: true }),
}
