/** How commands answer: tables, exit codes, and the one line about what went wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ERROR_CODES,
  InputError,
  NotFoundError,
  Refusal,
  SettingError,
  SwitchError,
  SwitchhookError,
} from '../../src/base/errors.ts'
import { exitCodeOf, sayError } from '../../src/desk/exit.ts'
import { pairs, table } from '../../src/desk/table.ts'
import { processTerminal } from '../../src/desk/terminal.ts'

test('a table is aligned, figures to the right, without blanks at the ends of lines', () => {
  const text = table(
    ['name', '>calls', 'reason'],
    [
      ['alice', 7, 'lunch'],
      ['bo', 1_200, '–'],
    ],
  )
  assert.equal(text, 'NAME   CALLS  REASON\nalice      7  lunch\nbo      1200  –\n')
})

test('colours are for terminals only, and do not shift the columns', () => {
  const rows = [
    [{ text: 'ready', tone: 'green' as const }, 'x'],
    ['out', 'y'],
  ]
  assert.ok(!table(['state', 'b'], rows).includes('\x1b'))
  const painted = table(['state', 'b'], rows, true)
  assert.ok(painted.includes('\x1b[32mready\x1b[39m'))
  assert.equal(painted.replace(/\x1b\[\d+m/g, ''), table(['state', 'b'], rows))
})

test('what a caller sent as their name cannot steer the terminal of who reads it', () => {
  assert.equal(table(['from'], [['a\x1b]0;x\x07\nb\u202e']]), 'FROM\na␛]0;x␇␊b\\u{202e}\n')
  assert.equal(
    pairs([
      ['a', 'x\ry'],
      ['long', 1],
    ]),
    'a     x␍y\nlong  1\n',
  )
})

test('every error code has its exit code', () => {
  for (const code of ERROR_CODES) assert.ok([1, 2, 3, 4].includes(exitCodeOf(new SwitchhookError(code, 'x'))), code)
  assert.equal(exitCodeOf(new InputError('x')), 2)
  assert.equal(exitCodeOf(new SettingError(['x'])), 2)
  assert.equal(exitCodeOf(new NotFoundError('queue', 'x')), 3)
  assert.equal(exitCodeOf(new Refusal('IN_USE', 'x')), 4)
  assert.equal(exitCodeOf(new SwitchError('SWITCH_REFUSED', 'x')), 4)
  assert.equal(exitCodeOf(new SwitchError('LINK_DOWN', 'x')), 1)
  assert.equal(exitCodeOf(new TypeError('x')), 1)
})

test('what was foreseen is one line; what was not comes with its stack', () => {
  assert.equal(
    sayError(new NotFoundError('queue', 'sale', ['sales'])),
    "switchhook: no queue is called 'sale' (known: sales)",
  )
  assert.match(sayError(new TypeError('boo')), /^switchhook: unexpected, please report this: TypeError: boo\n +at /)
})

test('a terminal has colours when a person looks at it and wants them', () => {
  const streams = (tty: boolean, colours: boolean) =>
    ({ stdout: { isTTY: tty, hasColors: () => colours, on() {} }, stderr: {} }) as unknown as Pick<
      NodeJS.Process,
      'stdout' | 'stderr'
    >
  assert.equal(processTerminal(streams(true, true)).colour, true)
  assert.equal(processTerminal(streams(true, false)).colour, false)
  assert.equal(processTerminal(streams(false, true)).colour, false)
})
