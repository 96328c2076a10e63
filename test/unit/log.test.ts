/**
 * What a log and a terminal show of people: never a number that can be dialled, never a code that controls the screen.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog } from '../../src/base/log.ts'
import { visible, visibleJson, visibleLines } from '../../src/base/visible.ts'

function logged(act: (log: ReturnType<typeof openLog>) => void): string {
  let text = ''
  act(openLog('debug', { write: line => void (text += line) }))
  return text
}

test('a number is masked wherever a log line has it: by key, in an error, in a message, in a list, in a child', () => {
  const text = logged(log => {
    log.info({ from: '+493012345678', digits: '42' }, 'a caller came')
    log.warn(
      {
        error: "'+493012345678' is no number",
        stack: ['at sofia/gateway/carrier/493012345678', { deep: 'sip:+493012345678@10.0.0.1' }],
      },
      'dialling 00493012345678 failed',
    )
    log.child({ phone: '+493012345678' }).error({ err: new Error('lead +49 (0)30 123-45678 is gone') }, 'failed')
  })
  assert.doesNotMatch(text, /3012345|123-45|"42"/)
  assert.match(text, /"from":"\+49…78"/)
  assert.match(text, /'\+49…78' is no number/)
  for (const line of text.trimEnd().split('\n')) JSON.parse(line)
})

test('what is no telephone number stays readable: uuids, times, addresses, counts, extensions, versions', () => {
  const uuid = '12345678-1234-4123-8123-123456789012'
  const fields = {
    uuid,
    at: 1764438283123,
    host: '10.100.200.30:8084',
    extension: '1001',
    version: '1.10.12',
    time: '2026-11-29T17:44:43Z',
    hex: 'a1234567890',
  }
  const {
    level: _level,
    msg: _msg,
    ...rest
  } = JSON.parse(logged(log => log.info(fields, 'x')).replace(/"time":"[^"]*",/, '')) as Record<string, unknown>
  assert.deepEqual(rest, fields)
})

test('control characters and text that runs backwards are shown, not obeyed', () => {
  assert.equal(visible('a\x1b]0;x\x07\n'), 'a␛]0;x␇␊')
  assert.equal(visibleLines('a\n\tb\r\x7f\x9b2J\u202e'), 'a\n\tb␍␡\\u{9b}2J\\u{202e}')
  const evil = { cell: '\x1b[2J\x9b\u202e\u{e0001}' }
  const json = visibleJson(JSON.stringify(evil, null, 2))
  assert.doesNotMatch(json, /[^\P{Cc}\n]|\p{Cf}/u)
  assert.deepEqual(JSON.parse(json), evil, 'a program reads what there was')
  assert.doesNotMatch(
    logged(log => log.error({ error: evil.cell }, 'x')),
    /[^\P{Cc}\n]|\p{Cf}/u,
  )
})
