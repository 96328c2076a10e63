/**
 * Makes short tones as WAV (PCM, 16 bit, 8 kHz, mono): placeholders for sounds without a recording. Used by `switchhook
 * freeswitch write`.
 */

const RATE = 8_000
/** A major scale from A4, so that different names sound different. */
const SCALE = [440, 495, 550, 587, 660, 733, 825, 880] as const
/** A quarter of full scale: loud enough, but not too loud for the ear. */
const LOUD = 0.25
const FADE_S = 0.01

/**
 * Returns the tone of a name: three notes, the same on every machine. Music on hold (`moh/…`) lasts 4 s, a digit 0.3 s,
 * any other 0.9 s.
 */
export function toneFor(name: string): Buffer {
  const seed = [...name].reduce((sum, character) => (sum * 31 + character.codePointAt(0)!) % 9_973, 7)
  const notes = [0, 1, 2].map(turn => SCALE[(seed >> (turn * 3)) % SCALE.length]!)
  if (name.startsWith('digits/')) return wav(notes.slice(0, 1), 0.3)
  return name.startsWith('moh/') ? wav([...notes, ...notes.toReversed()], 4 / 6) : wav(notes, 0.3)
}

function wav(notes: readonly number[], seconds: number): Buffer {
  const each = Math.round(seconds * RATE)
  const bytes = each * notes.length * 2
  const file = Buffer.alloc(44 + bytes)
  file.write('RIFF', 0, 'latin1')
  file.writeUInt32LE(36 + bytes, 4)
  file.write('WAVEfmt ', 8, 'latin1')
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20) // PCM
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(RATE, 24)
  file.writeUInt32LE(RATE * 2, 28)
  file.writeUInt16LE(2, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36, 'latin1')
  file.writeUInt32LE(bytes, 40)
  notes.forEach((hertz, note) => {
    for (let at = 0; at < each; at++) {
      const fade = Math.min(1, at / (FADE_S * RATE), (each - at) / (FADE_S * RATE))
      const value = Math.sin((2 * Math.PI * hertz * at) / RATE) * LOUD * fade
      file.writeInt16LE(Math.round(value * 0x7fff), 44 + (note * each + at) * 2)
    }
  })
  return file
}
