import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SwitchError } from '../../src/base/errors.ts'
import { FrameReader } from '../../src/esl/frame.ts'
import { captureNames, octetsOf } from '../unit/captures.ts'

/** Rows 13 and 14 of the fault matrix: octets that no FreeSWITCH has written. */
const MUTANTS = 1_000_000
/**
 * One mutant may not occupy the process for longer than this in every reading: a single long reading is other work, or
 * the garbage collector.
 */
const HANG_MS = 50
const READS = 5

/** mulberry32: the same mutants in every run; the number of a failing mutant is enough to reproduce it. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const NASTY = [
  '\n\n',
  '\n',
  '\r',
  '\0',
  'Content-Length: ',
  'Content-Length: -1\n',
  'Content-Length: 99999999\n',
  'Content-Length: 7\nContent-Length: 8\n',
  '%',
  ': ',
].map(text => Buffer.from(text))

function mutate(octets: Buffer, chance: () => number): Buffer {
  const at = Math.floor(chance() * octets.length)
  switch (Math.floor(chance() * 5)) {
    case 0: // one octet changed
      return Buffer.concat([octets.subarray(0, at), Buffer.of(Math.floor(chance() * 256)), octets.subarray(at + 1)])
    case 1: // a part left out
      return Buffer.concat([octets.subarray(0, at), octets.subarray(at + Math.floor(chance() * 40))])
    case 2: // a part repeated
      return Buffer.concat([octets.subarray(0, at), octets.subarray(Math.max(0, at - 60), at), octets.subarray(at)])
    case 3: // cut
      return octets.subarray(0, at)
    default:
      return Buffer.concat([octets.subarray(0, at), NASTY[Math.floor(chance() * NASTY.length)]!, octets.subarray(at)])
  }
}

/** The reader's result for these chunks: its frames, and whether it refused. */
function read(chunks: readonly Buffer[]): string {
  const said: string[] = []
  const reader = new FrameReader(frame => said.push(`${frame.head}\u0001${frame.body}`))
  try {
    for (const chunk of chunks) reader.push(chunk)
    said.push(reader.partial ? 'partial' : 'whole')
  } catch (error) {
    assert.ok(error instanceof SwitchError && error.code === 'PROTOCOL', String(error))
    said.push('refused')
  }
  return said.join('\u0002')
}

test(`${MUTANTS} mutated streams are read or refused, the same in any chunks, and none holds the process`, () => {
  const streams = captureNames()
    .map(name => octetsOf(name).subarray(0, 2_000))
    .filter(octets => octets.length > 20)
  for (let number = 0; number < MUTANTS; number++) {
    const chance = random(number)
    let octets = streams[number % streams.length]!
    for (let times = 1 + Math.floor(chance() * 3); times > 0 && octets.length > 1; times--)
      octets = mutate(octets, chance)
    const cuts = [0, Math.floor(chance() * octets.length), Math.floor(chance() * octets.length), octets.length].sort(
      (a, b) => a - b,
    )
    let whole = ''
    let fastest = Infinity
    for (let reads = 0; reads < READS && fastest >= HANG_MS; reads++) {
      const began = performance.now()
      whole = read([octets])
      fastest = Math.min(fastest, performance.now() - began)
    }
    assert.ok(fastest < HANG_MS, `mutant ${number} held the process for ${fastest.toFixed(1)} ms each time`)
    const parts = read(cuts.slice(1).map((cut, index) => octets.subarray(cuts[index]!, cut)))
    if (whole !== parts && !(whole.endsWith('refused') && parts.endsWith('refused')))
      assert.equal(parts, whole, `mutant ${number}`)
  }
  assert.ok(process.memoryUsage().rss < 400 * 1_048_576, 'memory grew')
})
