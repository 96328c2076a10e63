/** The sounds of the suite: tones of known lengths, created when they are needed. */

/** Name → milliseconds. Lower-case names as flows write them; mod_say_en looks for those in digits/. */
export const SOUNDS: Readonly<Record<string, number>> = {
  'ivr/welcome': 600,
  'ivr/second': 600,
  'ivr/wrong': 200,
  'ivr/long': 4_000,
  'moh/calm': 2_000,
  sorry: 400,
  'digits/2': 200,
  'digits/3': 200,
  'digits/20': 200,
}

const RATE = 8_000

/** A mono PCM file with a tone of 425 Hz. */
export function wav(milliseconds: number): Buffer {
  const samples = Math.round((RATE * milliseconds) / 1_000)
  const file = Buffer.alloc(44 + samples * 2)
  file.write('RIFF', 0)
  file.writeUInt32LE(36 + samples * 2, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(RATE, 24)
  file.writeUInt32LE(RATE * 2, 28)
  file.writeUInt16LE(2, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36)
  file.writeUInt32LE(samples * 2, 40)
  for (let at = 0; at < samples; at++)
    file.writeInt16LE(Math.round(8_000 * Math.sin((2 * Math.PI * 425 * at) / RATE)), 44 + at * 2)
  return file
}
