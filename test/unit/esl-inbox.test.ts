/** The order in which a node reads what many connections have sent at once. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { VirtualClock } from '#testing'
import { cpuMs, systemClock, type Clock } from '../../src/base/clock.ts'
import { Inbox } from '../../src/esl/inbox.ts'
import { listenTcp } from '../../src/esl/tcp.ts'

/** A turn of the event loop takes a millisecond, and this process gets `share` of the CPU. */
function slowTurns(share = 0.01) {
  const clock = new VirtualClock()
  const turns: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms, fn) => clock.after(Math.max(1, ms), fn),
    turn: fn => void clock.after(1, fn),
  }
  return { clock, turns, inbox: new Inbox(turns, () => clock.monotonic() * share) }
}

/** A connection is accepted in each turn for this time. */
function keepComing({ clock, turns, inbox }: ReturnType<typeof slowTurns>, ms: number): void {
  const until = clock.monotonic() + ms
  const come = () => {
    inbox.accepted()
    if (clock.monotonic() < until) turns.after(0, come)
  }
  come()
}

test('while nobody comes, what a connection sends is handed on at once', () => {
  let heard = 0
  new Inbox(systemClock, cpuMs).hand(() => heard++)
  assert.equal(heard, 1)
})

test('who comes is greeted first: what others have sent waits until nobody was accepted for a turn, and comes in its order', async () => {
  const slow = slowTurns()
  keepComing(slow, 500)
  const heard: number[] = []
  for (let at = 0; at < 10; at++) slow.inbox.hand(() => void heard.push(at))
  await slow.clock.advance(490)
  assert.equal(heard.length, 0, 'somebody is still being greeted')
  await slow.clock.advance(20)
  slow.inbox.hand(() => void heard.push(10))
  assert.deepEqual(heard, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 'nobody waits any more')
})

test('under a steady load somebody always comes: nothing waits for longer than hundreds need to be greeted, and than a second', async () => {
  for (const [share, least, most] of [
    [1, 150, 153],
    [0.5, 300, 303],
    [0.01, 1_000, 1_003],
  ] as const) {
    const slow = slowTurns(share)
    keepComing(slow, 6_000)
    let heardAt = 0
    slow.inbox.hand(() => void (heardAt = slow.clock.monotonic()))
    await slow.clock.advance(7_000)
    assert.ok(heardAt >= least && heardAt <= most, `${heardAt} ms with ${share} of a core`)
  }
})

test('no turn is longer than some milliseconds, however much waits: the next connection is accepted in between', async () => {
  const slow = slowTurns()
  let worked = 0
  slow.turns.monotonic = () => slow.clock.monotonic() + worked // each of them takes two milliseconds
  const inbox = new Inbox(slow.turns, () => 0)
  inbox.accepted()
  const turnOf: number[] = []
  for (let at = 0; at < 6; at++) {
    inbox.hand(() => {
      worked += 2
      turnOf.push(slow.clock.monotonic())
    })
  }
  await slow.clock.advance(20)
  const [first] = turnOf
  assert.deepEqual(
    turnOf.map(turn => turn - first!),
    [0, 0, 1, 1, 2, 2],
  )
})

test('what follows from one thing is done before the next is handed on', async () => {
  const slow = slowTurns()
  slow.inbox.accepted()
  const done: string[] = []
  for (const name of ['a', 'b']) {
    slow.inbox.hand(() => {
      done.push(name)
      void Promise.resolve()
        .then(() => {})
        .then(() => process.nextTick(() => done.push(`${name}, written`)))
    })
  }
  await slow.clock.advance(10)
  assert.deepEqual(done, ['a', 'a, written', 'b', 'b, written'])
})

/** The largest number of waiting pieces. */
class Watched extends Inbox {
  waiting = 0
  most = 0
  override hand(act: () => void): void {
    this.most = Math.max(this.most, ++this.waiting)
    super.hand(() => {
      this.waiting--
      act()
    })
  }
}

test('a connection that sends much while others are greeted is not read further than some chunks, and loses nothing', async t => {
  const turns: (() => void)[] = []
  const inbox = new Watched({ ...systemClock, turn: fn => void turns.push(fn) }, cpuMs)
  let taken = 0
  let close = () => {}
  const closed = new Promise<void>(resolve => (close = resolve))
  const listener = await listenTcp({
    host: '127.0.0.1',
    port: 0,
    inbox,
    onWire: wire => wire.listen({ data: chunk => void (taken += chunk.length), close: () => close() }),
  })
  t.after(() => listener.close())
  connect(listener.port, '127.0.0.1').end(Buffer.alloc(4 << 20))
  while (inbox.waiting < 4) await turn()
  for (let waits = 0; waits < 20; waits++) await turn()
  assert.equal(inbox.most, 4, 'chunks of 64 KiB')
  assert.equal(taken, 0, 'somebody is still being greeted')
  const goOn = setInterval(() => turns.shift()?.(), 0)
  await closed
  clearInterval(goOn)
  assert.equal(taken, 4 << 20, 'all of it, and the close after it')
})

const turn = () => new Promise(resolve => setImmediate(resolve))
