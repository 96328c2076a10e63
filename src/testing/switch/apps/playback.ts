/** Applications that play audio or silence: playback, endless_playback, gentones, say, sleep. */
import type { Channel } from '../channel.ts'
import { integer } from '../encoding.ts'
import type { Header } from '../event.ts'
import { takeKey } from '../keys.ts'
import { earlyMedia } from '../media.ts'
import { words } from '../separate.ts'
import { soundsOf, toneLength, type Sound } from '../sounds.ts'
import { pause, type Application } from './application.ts'
import { spokenEnglish } from './say-english.ts'

/**
 * 'played': to its end. 'broken': ended by uuid_break or a digit. 'missing': no file. 'error': the leg left its state.
 */
export type Played = 'played' | 'broken' | 'missing' | 'error'

/** The effect of a digit during playback: `'stop'` ends it. Without a reader digits stay in the leg's queue. */
export type DigitReader = (digit: string) => 'stop' | 'go on'

const SAMPLES_PER_MS = 8

/** Plays a sound argument (switch_ivr_play_file). */
export async function playFile(channel: Channel, argument: string, reader?: DigitReader): Promise<Played> {
  earlyMedia(channel)
  if (argument === '' || !channel.ready) return 'error'
  let result: Played = 'missing' // of several files those that do not exist are left out
  let total = 0
  const start = channel.sim.clock.monotonic()
  for (const sound of soundsOf(argument, channel.sim.sounds, channel.sim.usualSound)) {
    if (sound === 'missing') continue
    result = await playSound(channel, argument, sound, reader)
    total = channel.sim.clock.monotonic() - start
    if (result !== 'played') break
  }
  if (result !== 'missing' && !channel.down) noteLength(channel, total)
  // Seen on the wire: the response is FILE PLAYED after the caller hangs up, and PLAYBACK ERROR after a transfer.
  return result === 'error' && channel.down ? 'played' : result
}

async function playSound(
  channel: Channel,
  path: string,
  sound: Sound,
  reader: DigitReader | undefined,
): Promise<Played> {
  const kind: Header[] = /^(local|tone)_stream:/.test(path)
    ? [['Playback-File-Type', path.slice(0, path.indexOf(':'))]]
    : []
  const about: Header[] = [...kind, ['Playback-File-Path', path]]
  channel.fire('PLAYBACK_START', { after: about })
  if (sound.what !== undefined) channel.person?.hear(sound.what)
  const result = await listenTo(channel, sound.lasts, reader)
  channel.fire('PLAYBACK_STOP', { after: [...about, ['Playback-Status', result === 'broken' ? 'break' : 'done']] })
  return result
}

/** Plays for `lasts` milliseconds; digits and breaks may end it earlier. */
async function listenTo(channel: Channel, lasts: number, reader: DigitReader | undefined): Promise<Played> {
  for (let left = lasts; left > 0;) {
    if (!channel.ready) return 'error'
    if (channel.breaking) {
      channel.breaking = 0
      return 'broken'
    }
    if (reader && channel.digits.length > 0) {
      if (reader(takeKey(channel)!) === 'stop') return 'broken'
      continue
    }
    left -= await pause(channel, left)
  }
  return channel.ready ? 'played' : 'error'
}

function noteLength(channel: Channel, played: number): void {
  channel.variables.set('playback_last_offset_pos', String(played * SAMPLES_PER_MS))
  channel.variables.set('playback_seconds', String(Math.floor(played / 1_000)))
  channel.variables.set('playback_ms', String(played))
  channel.variables.set('playback_samples', String(played * SAMPLES_PER_MS))
}

/** A digit of the variable `playback_terminators` (default '*') ends the playback. */
export function terminatorReader(channel: Channel): DigitReader {
  channel.variables.set('playback_terminator_used', undefined)
  return digit => {
    const set = channel.variables.get('playback_terminators') ?? '*'
    const terminators = /^any$/i.test(set) ? '1234567890*#' : /^none$/i.test(set) ? '' : set
    if (!terminators.includes(digit)) return 'go on'
    channel.variables.set('playback_terminator_used', digit)
    return 'stop'
  }
}

const RESPONSE = {
  played: 'FILE PLAYED',
  broken: 'FILE PLAYED',
  missing: 'FILE NOT FOUND',
  error: 'PLAYBACK ERROR',
} as const

export const playbackApplications: Record<string, Application> = {
  async playback(channel, data) {
    const result = await playFile(channel, data, terminatorReader(channel))
    channel.variables.set('current_application_response', RESPONSE[result])
  },
  /** Restarts after every end and every break. Digits stay in the queue until another application reads them. */
  async endless_playback(channel, data) {
    let result: Played = 'played'
    while (channel.ready && (result === 'played' || result === 'broken')) result = await playFile(channel, data)
    channel.variables.set('current_application_response', RESPONSE[result])
  },
  async gentones(channel, data) {
    const [tones = '', loops] = data.split('|')
    earlyMedia(channel)
    channel.person?.hear(`tone ${tones}`)
    const times = loops === undefined ? 1 : integer(loops) < 0 ? Infinity : Math.max(1, integer(loops))
    await listenTo(channel, toneLength(tones) * times, terminatorReader(channel))
  },
  /** `say en number pronounced 5` is heard as 'number 5'. */
  async say(channel, data) {
    const [, type = '', method = '', ...text] = words(data, 16)
    earlyMedia(channel)
    const files = spokenEnglish(method, text.join(' ')).map(name => `${name}.wav`)
    const about: Header[] = [
      ['Playback-File-Type', 'file_string'],
      ['Playback-File-Path', `file_string://${files.join('!')}`],
    ]
    channel.fire('PLAYBACK_START', { after: about })
    channel.person?.hear(`${type.toLowerCase()} ${text.join(' ')}`)
    const result = await listenTo(channel, 1_000, terminatorReader(channel))
    channel.fire('PLAYBACK_STOP', { after: [...about, ['Playback-Status', result === 'broken' ? 'break' : 'done']] })
  },
  /** A digit ends the sleep and stays in the queue. With sleep_eat_digits the sleep consumes it. */
  async sleep(channel, data) {
    const eats = channel.variables.isTrue('sleep_eat_digits')
    const reader = eats ? terminatorReader(channel) : undefined
    for (let left = integer(data); left > 0 && channel.ready;) {
      if (channel.breaking) {
        channel.breaking = 0
        return
      }
      if (channel.digits.length > 0) {
        if (!reader || reader(takeKey(channel)!) === 'stop') return
        continue
      }
      left -= await pause(channel, left)
    }
  },
}
