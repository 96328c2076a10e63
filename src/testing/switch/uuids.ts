/** Uuids that look random but are the same in every run. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** A generator of version-4 uuids (mulberry32: fast, and random enough to avoid duplicates here). */
export function uuids(seed: number): () => string {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const word = (bits: number) =>
    HEX[bits >>> 24]! + HEX[(bits >>> 16) & 255]! + HEX[(bits >>> 8) & 255]! + HEX[bits & 255]!
  return () => {
    const [a, b, c, d] = [
      word(next()),
      word((next() & 0xffff0fff) | 0x4000),
      word((next() & 0x3fffffff) | 0x80000000),
      word(next()),
    ]
    return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${d}`
  }
}
