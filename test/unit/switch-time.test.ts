/** The clock of a FreeSWITCH beside that of the nodes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SwitchTime } from '../../src/switch/switch-time.ts'

const T = 1_772_442_000_000

test('clocks that agree give the time as FreeSWITCH writes it, however late a node is', () => {
  const time = new SwitchTime()
  for (const late of [0, 1, 40, 3_000]) {
    time.learn({ asked: T, answered: T + 1 + late, told: T })
    assert.equal(time.shared(T + 500, T + 500 + late), T + 500)
  }
})

test('the clock of a FreeSWITCH is an hour wrong, in both directions: its times are right at the first prompt answer', () => {
  for (const wrong of [-3_600_000, 3_600_000]) {
    const time = new SwitchTime()
    time.learn({ asked: T, answered: T + 2_000, told: T + wrong })
    time.learn({ asked: T + 9_000, answered: T + 9_002, told: T + 9_001 + wrong })
    const error = time.shared(T + 10_000 + wrong, T + 12_000) - (T + 10_000)
    assert.ok(Math.abs(error) <= 20, `${error} ms`)
  }
})

test('nothing happens later than a node hears of it, and what lasted so long at FreeSWITCH has lasted so long, to the time of one answer', () => {
  const moments = fc.array(fc.tuple(fc.nat(5_000), fc.nat(3_000)), { minLength: 2, maxLength: 30 })
  fc.assert(
    fc.property(fc.integer({ min: -10_000_000, max: 10_000_000 }), moments, (ahead, all) => {
      const time = new SwitchTime()
      time.learn({ asked: T - 2, answered: T, told: T - 1 + ahead })
      let now = T
      let heard = T
      let before: { told: number; shared: number } | null = null
      for (const [later, late] of all) {
        now += later
        heard = Math.max(heard, now + late)
        const shared = time.shared(now + ahead, heard)
        assert.ok(shared <= heard, 'not in the future')
        const error = before ? shared - before.shared - (now - before.told) : 0
        assert.ok(error <= 0 && error >= -2, `${error} ms`)
        before = { told: now, shared }
      }
    }),
    { numRuns: 300 },
  )
})
