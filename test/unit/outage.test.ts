/** The log messages about a service that is down for two minutes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#testing'
import { silentLog, type Log } from '../../src/base/log.ts'
import { Outage } from '../../src/base/outage.ts'

function told() {
  const clock = new VirtualClock()
  const lines: [level: string, text: string, fields: Record<string, unknown>][] = []
  const at = (level: string) =>
    ((fields: Record<string, unknown>, text: string) => void lines.push([level, text, fields])) as Log['warn']
  const outage = new Outage({
    what: 'the link to Redis',
    fields: { client: 'switchhook' },
    clock,
    log: { ...silentLog, warn: at('warn'), info: at('info') },
  })
  return { clock, lines, outage }
}

test('an outage is one line when it begins and one when it is over, with the attempts and the time', async () => {
  const { clock, lines, outage } = told()
  outage.end()
  for (let second = 0; second < 120; second++) {
    outage.away('connect ECONNREFUSED')
    await clock.advance(1_000)
  }
  outage.end()
  outage.end()
  assert.deepEqual(lines, [
    ['warn', 'the link to Redis is down', { client: 'switchhook', error: 'connect ECONNREFUSED' }],
    ['info', 'the link to Redis is back', { client: 'switchhook', attempts: 120, ms: 120_000 }],
  ])
})

test('each new reason is told once, and no more than a few; the next outage begins anew', () => {
  const { lines, outage } = told()
  for (let attempt = 0; attempt < 1_000; attempt++) outage.away(`reset of port ${attempt}`)
  assert.equal(lines.length, 5)
  assert.deepEqual(new Set(lines.slice(1).map(([, text]) => text)), new Set(['the link to Redis is not back yet']))
  outage.end()
  outage.away('reset of port 1')
  assert.deepEqual(lines.at(-1)!.slice(0, 2), ['warn', 'the link to Redis is down'])
})
