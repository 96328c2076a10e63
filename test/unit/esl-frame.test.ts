import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SwitchError } from '../../src/base/errors.ts'
import { SwitchEvent } from '../../src/esl/event.ts'
import { FrameReader, LIMITS, type Frame } from '../../src/esl/frame.ts'
import { captureNames, octetsOf } from './captures.ts'

function read(chunks: Iterable<Buffer>): Frame[] {
  const frames: Frame[] = []
  const reader = new FrameReader(frame => frames.push(frame))
  for (const chunk of chunks) reader.push(chunk)
  return frames
}

function* singly(octets: Buffer): Iterable<Buffer> {
  for (let at = 0; at < octets.length; at++) yield octets.subarray(at, at + 1)
}

interface Placed extends Frame {
  readonly start: number
  readonly end: number
}

/** A second reader, as plain as can be, that needs the whole stream: what the real one must agree with. */
function placed(octets: Buffer): Placed[] {
  const text = octets.toString('latin1')
  const frames: Placed[] = []
  for (let at = 0; at < text.length; ) {
    const start = at
    while (text[at] === '\n') at++
    const blank = text.indexOf('\n\n', at)
    if (blank < 0) break
    const head = text.slice(at, blank)
    const length = Number(/^Content-Length: (\d+)$/m.exec(head)?.[1] ?? 0)
    at = blank + 2 + length
    frames.push({ start, end: at, head, body: text.slice(blank + 2, at) })
  }
  return frames
}

const plain = ({ head, body }: Frame) => ({ head, body })

for (const name of captureNames()) {
  test(`${name}: cut at every octet, in single octets and whole, it gives the same frames`, () => {
    const octets = octetsOf(name)
    const frames = placed(octets)
    assert.ok(frames.length > 0 && frames.at(-1)!.end === octets.length, 'the capture ends within a frame')
    assert.deepEqual(read([octets]), frames.map(plain))
    assert.deepEqual(read(singly(octets)), frames.map(plain))
    // only the frames around a cut are read again: the others cannot notice it
    frames.forEach((frame, index) => {
      const next = frames[index + 1]
      const expected = [frame, ...(next ? [next] : [])].map(plain)
      const window = octets.subarray(frame.start, (next ?? frame).end)
      for (let cut = 1; cut <= frame.end - frame.start; cut++) {
        const found: Frame[] = []
        const reader = new FrameReader(one => found.push(one))
        reader.push(window.subarray(0, cut))
        if (cut < window.length) reader.push(window.subarray(cut))
        const same = found.length === expected.length && found.every((one, i) => one.head === expected[i]!.head && one.body === expected[i]!.body)
        assert.ok(same && !reader.partial, `cut ${cut} octets into frame ${index}: ${found.length} frames instead of ${expected.length}`)
      }
    })
  })
}

test('a frame of length 0 is a frame: the linger notice of FreeSWITCH', () => {
  assert.equal(read([Buffer.from('Content-Type: text/disconnect-notice\nContent-Length: 0\n\nContent-Type: command/reply\nReply-Text: +OK\n\n')]).length, 2)
})

const HOSTILE: [what: string, octets: string][] = [
  ['a negative length', 'Content-Length: -1\n\n'],
  ['a signed length', 'Content-Length: +5\n\nhello'],
  ['a length with a unit', 'Content-Length: 5 bytes\n\nhello'],
  ['a hexadecimal length', 'Content-Length: 0x10\n\n'],
  ['no length at all', 'Content-Length: \n\n'],
  ['a length that aborted FreeSWITCH itself', 'Content-Length: 2147483647\n\n'],
  ['a body beyond the limit', `Content-Length: ${LIMITS.body + 1}\n\n`],
  ['two lengths', 'Content-Length: 5\nContent-Type: x\nContent-Length: 6\n\nhello'],
  ['a head beyond the limit', `X: ${'y'.repeat(LIMITS.head)}\n\n`],
  ['a head that never ends', 'y'.repeat(LIMITS.head + 2)],
  ['too many header lines', `${'a: b\n'.repeat(LIMITS.headers + 1)}\n`],
]
for (const [what, octets] of HOSTILE) {
  test(`${what} is refused with a reason, whole and octet by octet`, () => {
    for (const chunks of [[Buffer.from(octets)], singly(Buffer.from(octets))]) {
      assert.throws(() => read(chunks), (error: unknown) => error instanceof SwitchError && error.code === 'PROTOCOL')
    }
  })
}

test('a header is found by its whole name, decoded, and only among the headers', () => {
  const event = new SwitchEvent('Event-Name: BACKGROUND_JOB\nJob-UUID: 7\nvariable_a: 1%202%0A\nvariable_empty: _undef_\nX-Bad: %FF%41\n\nUnique-ID: from the body\n')
  assert.equal(event.name, 'BACKGROUND_JOB')
  assert.equal(event.get('UUID'), undefined)
  assert.equal(event.variable('a'), '1 2\n')
  assert.equal(event.variable('empty'), undefined)
  assert.equal(event.get('X-Bad'), '\uFFFDA')
  assert.equal(event.get('Unique-ID'), undefined)
  assert.equal(event.body, 'Unique-ID: from the body\n')
  assert.equal(event.toMap().size, 5)
})
