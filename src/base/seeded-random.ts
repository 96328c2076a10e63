/**
 * Random numbers that are the same for the same seed: in every replay of a call, and on every node. mulberry32 (Tommy
 * Ettinger, public domain).
 */

/** @returns A function that returns the next number of this seed: 0 or more, less than 1. */
export function seededRandom(seed: string): () => number {
  let state = 0
  for (const character of seed) state = (Math.imul(state, 31) + character.charCodeAt(0)) | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
