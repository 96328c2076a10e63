import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SwitchError } from '../../src/base/errors.ts'
import { HeaderNames, Headers, SwitchEvent } from '../../src/esl/event.ts'
import { Budget, UNCHARGED } from '../../src/esl/budget.ts'
import { FrameReader, LIMIT, type Frame } from '../../src/esl/frame.ts'
import { captureNames, octetsOf } from './captures.ts'

function read(chunks: Iterable<Buffer>): Frame[] {
  const frames: Frame[] = []
  const reader = new FrameReader(frame => frames.push(frame))
  for (const chunk of chunks) reader.push(chunk)
  return frames
}

function* pieces(octets: Buffer, size: number): Iterable<Buffer> {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size)
}

const singly = (octets: Buffer) => pieces(octets, 1)

interface Placed extends Frame {
  readonly start: number
  readonly end: number
}

/** A second reader, as simple as possible, which needs the whole stream: the real one must give the same frames. */
function placed(octets: Buffer): Placed[] {
  const text = octets.toString('latin1')
  const frames: Placed[] = []
  for (let at = 0; at < text.length;) {
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

/**
 * The first frame of each kind is cut at every octet, all others where a cut could matter: around the ends of head and
 * body.
 */
const cutEverywhere = new Set<string>()
function cutsOf({ head, body, start, end }: Placed): number[] {
  const kind = `${/^Content-Type: (.*)$/m.exec(head)?.[1]} ${/^Event-Name: (.*)$/m.exec(head + body)?.[1]}`
  const all = Array.from({ length: end - start }, (_, index) => index + 1)
  if (!cutEverywhere.has(kind)) {
    cutEverywhere.add(kind)
    return all
  }
  const bodyAt = head.length + 2
  return all.filter(cut => cut <= 2 || Math.abs(cut - bodyAt) <= 2 || cut >= end - start - 2)
}

for (const name of captureNames()) {
  test(`${name}: cut in two, in single octets and whole, it gives the same frames`, () => {
    const octets = octetsOf(name)
    const frames = placed(octets)
    assert.ok(frames.length > 0 && frames.at(-1)!.end === octets.length, 'the capture ends within a frame')
    assert.deepEqual(read([octets]), frames.map(plain))
    assert.deepEqual(read(singly(octets)), frames.map(plain))
    // only the frames around a cut are read again: the others cannot be affected by it
    frames.forEach((frame, index) => {
      const next = frames[index + 1]
      const expected = [frame, ...(next ? [next] : [])].map(plain)
      const window = octets.subarray(frame.start, (next ?? frame).end)
      for (const cut of cutsOf(frame)) {
        const found: Frame[] = []
        const reader = new FrameReader(one => found.push(one))
        reader.push(window.subarray(0, cut))
        if (cut < window.length) reader.push(window.subarray(cut))
        const same =
          found.length === expected.length &&
          found.every((one, i) => one.head === expected[i]!.head && one.body === expected[i]!.body)
        assert.ok(
          same && !reader.partial,
          `cut ${cut} octets into frame ${index}: ${found.length} frames instead of ${expected.length}`,
        )
      }
    })
  })
}

test('a frame of length 0 is a frame: the linger notice of FreeSWITCH', () => {
  assert.equal(
    read([
      Buffer.from(
        'Content-Type: text/disconnect-notice\nContent-Length: 0\n\nContent-Type: command/reply\nReply-Text: +OK\n\n',
      ),
    ]).length,
    2,
  )
})

const HOSTILE: [what: string, octets: string][] = [
  ['a negative length', 'Content-Length: -1\n\n'],
  ['a signed length', 'Content-Length: +5\n\nhello'],
  ['a length with a unit', 'Content-Length: 5 bytes\n\nhello'],
  ['a hexadecimal length', 'Content-Length: 0x10\n\n'],
  ['no length at all', 'Content-Length: \n\n'],
  ['a length that aborted FreeSWITCH itself', 'Content-Length: 2147483647\n\n'],
  ['a body beyond the limit', `Content-Length: ${LIMIT + 1}\n\n`],
  ['a body that is beyond the limit together with its head', `Content-Length: ${LIMIT}\n\n`],
  ['two lengths', 'Content-Length: 5\nContent-Type: x\nContent-Length: 6\n\nhello'],
  ['a head beyond the limit', `X: ${'y'.repeat(LIMIT)}\n\n`],
  ['a head that never ends', 'y'.repeat(LIMIT + 2)],
]
for (const [what, octets] of HOSTILE) {
  test(`${what} is refused with a reason, whole and in small pieces`, () => {
    for (const chunks of [[Buffer.from(octets)], pieces(Buffer.from(octets), octets.length > 10_000 ? 1_000 : 1)]) {
      assert.throws(
        () => read(chunks),
        (error: unknown) => error instanceof SwitchError && error.code === 'PROTOCOL',
      )
    }
  })
}

test('the data of a channel may have a megabyte, or ten thousand lines, and comes through whole', () => {
  const large = [
    `variable_crm_record: ${'x'.repeat(1_000_000)}`,
    Array.from({ length: 10_000 }, (_, n) => `variable_${n}: ${n}`).join('\n'),
  ]
  for (const head of large) {
    const octets = Buffer.from(`${head}\n\nContent-Type: command/reply\n\n`)
    for (const size of [octets.length, 65_536, 1_448, 7])
      assert.deepEqual(read(pieces(octets, size)), [
        { head, body: '' },
        { head: 'Content-Type: command/reply', body: '' },
      ])
  }
})

test('a head that grows by a few octets at a time costs in proportion to its length, not to its square', () => {
  const looked: number[] = []
  const octets = Buffer.from('variable_a: '.padEnd(400_000, 'x'))
  const reader = new FrameReader(() => assert.fail('a head without an end'))
  for (const piece of pieces(octets, 10)) {
    // only the new piece is searched, never what came before it
    reader.push(
      Object.assign(piece, {
        indexOf: (what: Buffer, from?: number) => (
          looked.push(piece.length),
          Buffer.prototype.indexOf.call(piece, what, from)
        ),
      }),
    )
  }
  assert.equal(
    looked.reduce((sum, length) => sum + length, 0),
    octets.length,
  )
  assert.ok(reader.held < 2 * octets.length, `${reader.held} octets are held for ${octets.length}`)
})

test('a link passes over a body that is too large, says how large it was, and reads on behind it', () => {
  const large = 'x'.repeat(LIMIT)
  const octets = Buffer.from(
    `Content-Type: api/response\nContent-Length: ${LIMIT}\n\n${large}Content-Type: command/reply\n\n`,
  )
  for (const size of [octets.length, 65_536, 1_448]) {
    const frames: Frame[] = []
    const reader = new FrameReader(frame => frames.push(frame), { tooLarge: 'skip' })
    let most = 0
    for (const piece of pieces(octets, size)) {
      reader.push(piece)
      most = Math.max(most, reader.held)
    }
    assert.deepEqual(frames, [
      { head: `Content-Type: api/response\nContent-Length: ${LIMIT}`, body: '', skipped: LIMIT },
      { head: 'Content-Type: command/reply', body: '' },
    ])
    assert.ok(most < 10_000, `${most} octets were held of a body that nobody reads`)
    assert.ok(!reader.partial && !reader.skipping)
  }
})

test('readers that nobody trusts yet share one budget; what is small is free, and the end of one makes room for the next', () => {
  const budget = new Budget(1_000_000)
  const open = () => new FrameReader(() => {}, { budget })
  const fill = (reader: FrameReader, octets: number) => {
    for (const piece of pieces(Buffer.alloc(octets, 'y'), 1_448)) reader.push(piece)
  }
  const many = Array.from({ length: 50 }, open)
  for (const reader of many) fill(reader, UNCHARGED / 2)
  assert.equal(budget.left, 1_000_000, 'the usual answer to connect costs nothing')
  const large = open()
  fill(large, 200_000)
  assert.ok(budget.left < 800_000)
  const next = open()
  assert.throws(
    () => fill(next, 2_000_000),
    (error: unknown) =>
      error instanceof SwitchError && error.code === 'PROTOCOL' && /1000000 octets/.test(error.message),
  )
  next.end()
  large.end()
  large.end()
  assert.equal(budget.left, 1_000_000)
  const known = open()
  fill(known, 200_000)
  known.trust()
  assert.equal(budget.left, 1_000_000, 'a leg of ours counts no more')
  fill(known, 2_000_000)
  assert.equal(budget.left, 1_000_000)
})

test('a header is found by its whole name, decoded, and only among the headers', () => {
  const event = new SwitchEvent(
    'Event-Name: BACKGROUND_JOB\nJob-UUID: 7\nvariable_a: 1%202%0A\nvariable_empty: _undef_\nX-Bad: %FF%41\n\nUnique-ID: from the body\n',
  )
  assert.equal(event.name, 'BACKGROUND_JOB')
  assert.equal(event.get('UUID'), undefined)
  assert.equal(event.variable('a'), '1 2\n')
  assert.equal(event.variable('empty'), undefined)
  assert.equal(event.get('X-Bad'), '\uFFFDA')
  assert.equal(event.get('Unique-ID'), undefined)
  assert.equal(event.body, 'Unique-ID: from the body\n')
  assert.equal(event.toMap().size, 5)
})

test('an event of a leg is the same whether it came as octets of a piece or as a text', () => {
  const block =
    'Event-Name: CHANNEL_EXECUTE_COMPLETE\nUnique-ID: 1%202\nX-Unique-ID: 3\nUnique-ID: 4\nvariable_a: M%C3%BCller\nvariable_empty: _undef_\nvariable_: \nApplication: set\nApplication-UUID: 7\nLast: 5'
  const piece = Buffer.from(`from before\nUnique-ID: 0\n\n${block}\n\nand after\nvariable_b: 6\n`)
  const from = piece.indexOf('Event-Name')
  const names = [
    'Event-Name',
    'Unique-ID',
    'ID',
    'variable_a',
    'variable_b',
    'variable_empty',
    'variable_',
    'Application',
    'Application-UUID',
    'UUID',
    'Last',
    'and after',
  ]
  const all = (event: SwitchEvent) => [
    event.name,
    event.body,
    event.uuid,
    ...names.flatMap(name => [event.raw(name), event.get(name)]),
    event.text,
    [...event.toMap()],
    ...names.map(name => event.raw(name)),
  ]
  assert.deepEqual(all(new SwitchEvent(piece.subarray(from, from + block.length))), all(new SwitchEvent(block)))
  assert.equal(
    new SwitchEvent(Buffer.from('Event-Name: BACKGROUND_JOB\nJob-UUID: 7\n\n+OK Grüße\n')).body,
    '+OK Grüße\n',
  )
  assert.equal(new SwitchEvent(Buffer.from('')).name, '')
})

test('several headers are found in one pass: whole names, decoded, the first of a doubled one, and none without a value', () => {
  const block =
    'Event-Name: x\nX-Unique-ID: 2\nUnique-ID: 1%202\nUnique-ID: 3\nvariable_a: \nvariable_b: _undef_\nvariable_ab: 4\nLast: 5'
  const names = new HeaderNames('Unique-ID', 'variable_a', 'variable_b', 'variable_c', 'Last')
  for (const time of ['first', 'second'])
    assert.deepEqual(
      [...names.in(new Headers(block))],
      [
        ['Unique-ID', '1 2'],
        ['Last', '5'],
      ],
      time,
    )
  assert.deepEqual([...names.in(new Headers(''))], [])
})
