/** The closing of a node in which a part hangs or fails. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog, type Log } from '../../src/base/log.ts'
import { Closing } from '../../src/node/closing.ts'
import { VirtualClock } from '../../src/testing/index.ts'

function open() {
  const clock = new VirtualClock()
  const said: string[] = []
  const hear = (level: string) => (fields: unknown, message?: string) => {
    const { ms, ...rest } = fields as Record<string, unknown>
    said.push(`${level} ${String(ms)} ms: ${message} ${JSON.stringify(rest)}`)
  }
  const log = { ...silentLog, info: hear('info'), warn: hear('warn') } as Log
  return { clock, said, closing: new Closing({ clock, log, began: clock.monotonic() }) }
}

test('each step is told when it is done, with what it did, one after the other', async () => {
  const { clock, said, closing } = open()
  const wait = (ms: number) => new Promise<void>(resolve => clock.after(ms, resolve))
  const all = closing.run([
    { name: 'calls', withinMs: 1_000, run: () => wait(30).then(() => ({ given: 3 })) },
    { name: 'stores', withinMs: 1_000, run: () => wait(5) },
    { name: 'nothing to wait for', withinMs: 1_000, run() {} },
  ])
  await clock.advance(100)
  await all
  assert.deepEqual(said, [
    'info 30 ms: closing: calls: done {"given":3}',
    'info 35 ms: closing: stores: done {}',
    'info 35 ms: closing: nothing to wait for: done {}',
  ])
  assert.deepEqual(closing.hangs, [])
  assert.deepEqual(clock.pending(), [], 'no timer is left')
})

test('what hangs is left behind and named, what fails is told, and the rest is closed all the same', async () => {
  const { clock, said, closing } = open()
  let closed = false
  const all = closing.run([
    { name: 'Redis', withinMs: 500, run: () => new Promise<never>(() => {}) },
    { name: 'PostgreSQL', withinMs: 500, run: () => Promise.reject(new Error('it is gone')) },
    {
      name: 'files',
      withinMs: 500,
      run() {
        throw new Error('no space')
      },
    },
    { name: 'the port', withinMs: 500, run: () => void (closed = true) },
  ])
  await clock.advance(100)
  assert.deepEqual(closing.hangs, ['Redis'], 'whoever asks meanwhile is told what it waits for')
  await clock.advance(1_000)
  await all
  assert.ok(closed)
  assert.deepEqual(closing.hangs, ['Redis'])
  assert.deepEqual(said, [
    'warn 500 ms: closing: Redis: timed out, the next step begins {"waitedMs":500}',
    'warn 500 ms: closing: PostgreSQL: failed {"error":"it is gone"}',
    'warn 500 ms: closing: files: failed {"error":"no space"}',
    'info 500 ms: closing: the port: done {}',
  ])
})
