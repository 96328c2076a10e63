/**
 * Checks what reached a telephone's ear, as its own FreeSWITCH recorded it: is the other person's tone there all the
 * time?
 */
import { readFile } from 'node:fs/promises'

/** The length of one window: a tick of the media. */
const WINDOW_MS = 20
/** A part of the amplitude of the file's loudest window: less counts as no tone. */
const FAINT = 0.1

/** The longest time (ms) in a recording in which this tone is not heard. Throws when it is never heard. */
export async function longestGap(path: string, hertz: number): Promise<number> {
  const { samples, rate } = wave(await readFile(path))
  const length = (rate * WINDOW_MS) / 1_000
  const strengths = Array.from({ length: Math.floor(samples.length / length) }, (_, at) =>
    strength(samples.subarray(at * length, (at + 1) * length), hertz, rate),
  )
  const least = Math.max(0, ...strengths) * FAINT
  if (!(least > 10))
    throw new Error(`${path}: a tone of ${hertz} Hz is never heard in ${strengths.length * WINDOW_MS} ms`)
  let [longest, gap] = [0, 0]
  for (const one of strengths) {
    gap = one < least ? gap + 1 : 0
    longest = Math.max(longest, gap)
  }
  return longest * WINDOW_MS
}

/** Is a tone of this frequency in the recording for 60 ms or more? The other one's voice may be in it, too. */
export function isHeardIn(file: Buffer, hertz: number): boolean {
  const { samples, rate } = wave(file)
  const size = Math.round((rate * WINDOW_MS) / 1_000)
  let run = 0
  for (let at = 0; at + size <= samples.length; at += size) {
    run = strength(samples.subarray(at, at + size), hertz, rate) > AUDIBLE ? run + WINDOW_MS : 0
    if (run >= 60) return true
  }
  return false
}

/** Of 32 768: a whisper beside a voice has some thousands, the rest of other tones some hundreds. */
const AUDIBLE = 1_000

/** Goertzel: the strength of one frequency in these samples, as an amplitude. */
function strength(samples: Int16Array, hertz: number, rate: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * hertz) / rate)
  let [one, two] = [0, 0]
  for (const sample of samples) [one, two] = [sample + factor * one - two, one]
  return Math.sqrt(Math.max(0, one * one + two * two - factor * one * two)) / (samples.length / 2)
}

/** Mono, 16 bit. A recording that has not ended has no length in its header yet: everything that follows is used. */
function wave(file: Buffer): { samples: Int16Array; rate: number } {
  const data = file.indexOf('data', 12, 'latin1')
  const format = file.indexOf('fmt ', 12, 'latin1')
  if (data < 0 || format < 0) throw new Error('no WAVE file')
  const bytes = file.subarray(data + 8, data + 8 + Math.floor((file.length - data - 8) / 2) * 2)
  const samples = new Int16Array(bytes.length / 2)
  for (let at = 0; at < samples.length; at++) samples[at] = bytes.readInt16LE(at * 2)
  return { samples, rate: file.readUInt32LE(format + 12) }
}
