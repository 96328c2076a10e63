/** `switchhook dial-in`: an author at the keyboard. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Catalogue, type AnyFlow } from '../../src/flow/catalogue.ts'
import { dialIn } from '../../src/testing/dial-in.ts'
import campaignLeg from '../../scripts/campaign-leg.ts'
import welcome from '../../scripts/welcome.ts'

const catalogue = new Catalogue(
  new Map<string, AnyFlow>([
    ['welcome', welcome],
    ['campaign-leg', campaignLeg],
  ]),
)

/** An author who types each of these keys when that text has been printed. Nobody waits: the clock jumps. */
async function dialsIn(flow: string, typed: readonly (readonly [read: string, keys: string])[]) {
  let time = 0
  const clock: Clock = {
    now: () => time,
    monotonic: () => time,
    turn: fn => setImmediate(fn),
    after(ms, fn) {
      const timer = setImmediate(() => {
        time += ms
        fn()
      })
      return { cancel: () => clearImmediate(timer) }
    },
  }
  const lines: string[] = []
  async function* keys() {
    for (const [read, text] of typed) {
      while (!lines.includes(read)) await new Promise(resolve => setImmediate(resolve))
      yield text
    }
  }
  const result = await dialIn(flow, {
    catalogue,
    keys: keys(),
    clock,
    log: silentLog,
    say: line => lines.push(line.replace(/^ *[\d.]+s {2}/, '')),
  })
  return { result, lines }
}

test('an author reads what a caller hears, presses a key, talks with an agent and hangs up', async () => {
  const { result, lines } = await dialsIn('welcome', [
    ['caller hears ivr/welcome', '1'],
    ['caller talks with alice', 'h'],
  ])
  assert.deepEqual(result, { outcome: 'talked', agent: 'alice', cause: 'NORMAL_CLEARING' })
  const story = [
    'caller hears ivr/welcome',
    'caller presses 1',
    'caller hears music moh/calm',
    'alice answers',
    'alice hears whisper/sales',
    'caller talks with alice',
    'caller is gone (NORMAL_CLEARING)',
  ]
  assert.deepEqual(
    lines.filter(line => story.includes(line)),
    story,
  )
})

test('an author who leaves the keyboard is hung up after a while', async () => {
  const { result, lines } = await dialsIn('welcome', [])
  assert.equal(lines.at(-1), 'caller is gone (ORIGINATOR_CANCEL)', 'before the flow had answered')
  assert.equal(result.agent, null)
})

test('a flow that nobody has, or that calls people by itself, is refused with a word why', async () => {
  await assert.rejects(dialsIn('welcom', []), /no flow is called 'welcom' \(known: welcome, campaign-leg\)/)
  await assert.rejects(dialsIn('campaign-leg', []), /flow "campaign-leg" is a campaignFlow/)
})
