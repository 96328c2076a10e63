/** How far a long command is: a bar for people at a terminal, lines for a log, nothing for a short command. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProgressBar } from '../../src/desk/progress.ts'

function rig(isTTY: boolean, hasColors = true) {
  const written: string[] = []
  let now = 0
  const bar = new ProgressBar({
    stream: { isTTY, hasColors: () => hasColors, write: text => written.push(text) },
    clock: { monotonic: () => now },
  })
  return { bar, written, at: (ms: number) => void (now = ms) }
}

test('a person at a terminal sees a bar that grows, and an empty line at its end', () => {
  const { bar, written, at } = rig(true)
  bar.show({ phase: 'reading', done: 1, all: 100 })
  at(1_500)
  bar.show({ phase: 'reading', done: 50, all: 100 })
  bar.show({ phase: 'reading', done: 51, all: 100 })
  at(2_000)
  bar.show({ phase: 'adding', done: 100, all: 100 })
  bar.end()
  assert.deepEqual(written, [
    `\r\x1b[K[${'#'.repeat(15)}${' '.repeat(15)}] reading: 50 %`,
    `\r\x1b[K[${'#'.repeat(30)}] adding: 100 %`,
    '\r\x1b[K',
  ])
})

test('a log, and a terminal that understands no codes, gets a line every ten seconds', () => {
  for (const { bar, written, at } of [rig(false), rig(true, false)]) {
    for (let seconds = 1; seconds <= 25; seconds++) {
      at(seconds * 1_000)
      bar.show({ phase: 'reading', done: seconds, all: null })
    }
    bar.end()
    assert.deepEqual(written, ['reading: 10\n', 'reading: 20\n'])
  }
})

test('a short command shows nothing', () => {
  const { bar, written, at } = rig(true)
  bar.show({ phase: 'reading', done: 50, all: 100 })
  at(900)
  bar.show({ phase: 'adding', done: 100, all: 100 })
  bar.end()
  assert.deepEqual(written, [])
})
