/**
 * Connections to PostgreSQL in virtual time: which work waits for a silent server, for how long, and what happens to
 * its connections.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { ConnectionPool } from '../../src/store/connection-pool.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const LIMIT_MS = 5_000

class Line {
  isOpen = true
  close(): void {
    this.isOpen = false
  }
}

function opened(most = 2) {
  const clock = new VirtualClock()
  const lines: Line[] = []
  const told: string[] = []
  const say = (_: object, text: string) => void told.push(text)
  const open = () => {
    const line = new Line()
    lines.push(line)
    return line
  }
  const pool = new ConnectionPool<Line>({
    open,
    most,
    limitMs: LIMIT_MS,
    clock,
    log: { ...silentLog, warn: say, info: say } as never,
  })
  /** The result: its answer, or the text of the refusal. */
  const ask = (work: (line: Line) => Promise<string>) => pool.run(work).catch((error: Error) => error.message)
  return { clock, pool, lines, told, ask }
}

const silence = () => new Promise<string>(() => {})
const quick = async () => 'answered'

test('whoever asks a server that says nothing is refused after the limit, and the next one gets a new connection', async () => {
  const { clock, pool, lines, ask, told } = opened(1)
  const asked = ask(silence)
  await clock.advance(LIMIT_MS - 1)
  assert.deepEqual(pool.figures, { idle: 0, busy: 1, waiting: 0 })
  await clock.advance(2)
  assert.equal(await asked, 'PostgreSQL has not answered for 5000 ms')
  assert.equal(await ask(quick), 'answered')
  assert.deepEqual(
    lines.map(line => line.isOpen),
    [false, true],
  )
  assert.deepEqual(told, [
    'PostgreSQL does not answer; its connections are closed and replaced',
    'PostgreSQL answers again',
  ])
  assert.deepEqual(clock.pending(), [])
})

test('whoever stands behind others waits no longer than the limit either', async () => {
  const { clock, ask } = opened(1)
  const [first, second] = [ask(silence), ask(quick)]
  await clock.advance(1_000)
  const third = ask(quick)
  await clock.advance(LIMIT_MS - 999)
  for (const asked of [first, second])
    assert.match(await asked, /^(PostgreSQL has not answered|no connection to PostgreSQL was free) for 5000 ms$/)
  assert.equal(await third, 'answered', 'the place of the silent one is free for those who came later')
})

test('a thousand may wait; one more is refused at once', async () => {
  const { clock, pool, ask } = opened(1)
  const asked = Array.from({ length: 1_001 }, () => ask(silence))
  assert.match(await ask(quick), /^1000 statements already wait for PostgreSQL/)
  await clock.advance(LIMIT_MS * 2 + 2)
  await Promise.all(asked)
  assert.deepEqual(pool.figures, { idle: 0, busy: 0, waiting: 0 })
})

test('when nobody has been answered for half a second, connections that lie idle are not trusted any more', async () => {
  const { clock, lines, ask } = opened(3)
  await Promise.all([ask(quick), ask(quick), ask(quick)])
  await clock.advance(1)
  const asked = ask(silence)
  await clock.advance(501)
  assert.deepEqual(lines.map(line => line.isOpen).sort(), [false, false, true])
  assert.equal(await ask(quick), 'answered')
  assert.equal(lines.length, 4, 'by a new one')
  await clock.advance(LIMIT_MS)
  await asked
})

test('a statement that takes long on a server that answers others costs nobody a connection', async () => {
  const { clock, lines, ask } = opened(3)
  await Promise.all([ask(quick), ask(quick)])
  const slow = ask(async () => new Promise(resolve => clock.after(2_000, () => resolve('late'))))
  for (let at = 0; at < 4; at++) {
    await clock.advance(400)
    await ask(quick)
  }
  await clock.advance(400)
  assert.equal(await slow, 'late')
  assert.ok(lines.every(line => line.isOpen))
  assert.equal(lines.length, 2)
})

test('a connection that was lost is not used again, and its place is given to whoever waits', async () => {
  const { lines, ask } = opened(1)
  const lost = ask(async line => {
    line.close()
    throw new Error('connection lost')
  })
  const next = ask(quick)
  assert.deepEqual(await Promise.all([lost, next]), ['connection lost', 'answered'])
  lines[1]!.close() // while it lies idle
  assert.equal(await ask(quick), 'answered')
  assert.equal(lines.length, 3)
})

test('at the end what is under way is waited for, who waits is refused, and what hangs is cut off', async () => {
  const { clock, pool, lines, ask } = opened(2)
  const [soon, never, late] = [
    ask(async () => new Promise(resolve => clock.after(100, () => resolve('soon')))),
    ask(silence),
    ask(quick),
  ]
  let ended = false
  const ending = pool.end(1_000).then(() => (ended = true))
  assert.equal(await late, 'the connections to PostgreSQL are closed')
  await clock.advance(999)
  assert.deepEqual([await soon, ended], ['soon', false])
  await clock.advance(1)
  await ending
  assert.ok(lines.every(line => !line.isOpen))
  assert.equal(await ask(quick), 'the connections to PostgreSQL are closed')
  await clock.advance(LIMIT_MS)
  await never
})
