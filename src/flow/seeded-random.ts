/**
 * Random numbers that are the same in every replay of a call: mulberry32 (Tommy Ettinger, public domain), seeded by the
 * call's uuid.
 */

export function seededRandom(uuid: string): () => number {
  let state = 0
  for (const character of uuid) state = (Math.imul(state, 31) + character.charCodeAt(0)) | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
