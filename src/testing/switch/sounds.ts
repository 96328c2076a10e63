/** The meaning of a sound argument: the name that the person hears, and the length. */
import { ms, type Duration } from '../../base/duration.ts'
import { closing } from './separate.ts'

export interface Sound {
  /** Path of the sound without root and extension, or the URL of a stream; undefined for silence. */
  readonly what: string | undefined
  /** Milliseconds; Infinity for a stream. */
  readonly lasts: number
}

export type SoundLength = Duration | 'missing'

/** The part of a path that is not in a sound's name: up to the folder `sounds`, with language and voice folders. */
const ROOT = /^.*\/sounds\/(?:[a-z]{2}\/[a-z]{2}\/[a-z]+\/)?/
const EXTENSION = /\.(wav|mp3|ogg|opus|gsm|ulaw|alaw|PCMU|PCMA|L16|raw|r8|r16|r24)$/i

/** The name of a sound: `/usr/share/freeswitch/sounds/ivr/welcome.wav` → `ivr/welcome`. */
function soundName(path: string): string {
  return path.replace(ROOT, '').replace(EXTENSION, '')
}

/** Length of a tone script in milliseconds: the sum of its `%(on,off,frequency…)` items; `L=` repeats all of them. */
export function toneLength(script: string): number {
  const [tones = '', ...options] = script.split(';')
  let total = 0
  for (const match of tones.matchAll(/%\(\s*(\d+)\s*,\s*(\d+)/g)) total += Number(match[1]) + Number(match[2])
  for (const match of tones.matchAll(/L=(\d+)/g)) total *= Number(match[1])
  const loops = Number(/^loops=(-?\d+)$/.exec(options.find(option => option.startsWith('loops=')) ?? '')?.[1] ?? 1)
  return loops < 0 ? Infinity : total * Math.max(1, loops)
}

/** The sounds of one argument in their order, with 'missing' for a file that does not exist. */
export function soundsOf(
  argument: string,
  lengths: ReadonlyMap<string, SoundLength>,
  usual: Duration,
): (Sound | 'missing')[] {
  let path = argument.trim()
  while (path.startsWith('{') || path.startsWith('[')) {
    const end = path.startsWith('{') ? closing(path, '{', '}') : closing(path, '[', ']')
    if (end < 0) break
    path = path.slice(end + 1).trimStart()
  }
  path = path.replace(/@@\d+$/, '')
  const [, scheme = '', rest = ''] = /^([a-z_]+):\/\/([^]*)$/.exec(path) ?? []
  switch (scheme) {
    case 'file_string':
      return rest.split('!').flatMap(part => soundsOf(part, lengths, usual))
    case 'silence_stream': {
      const length = Number.parseInt(rest, 10)
      return [{ what: undefined, lasts: length < 0 ? Infinity : length || 20 }]
    }
    case 'tone_stream':
      return [{ what: path, lasts: toneLength(rest) || 20 }]
    case 'local_stream':
      return [{ what: path, lasts: Infinity }]
    default: {
      const name = soundName(path)
      const length = lengths.get(name) ?? lengths.get(path) ?? usual
      return [length === 'missing' ? 'missing' : { what: name, lasts: Math.max(20, ms(length)) }]
    }
  }
}
