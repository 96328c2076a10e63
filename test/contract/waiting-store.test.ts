/** What the store of queues keeps for those who wait: one contract for memory and Redis. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NumberRule } from '../../src/queue/number-rules.ts'
import { TALKS_COUNTED } from '../../src/queue/waiting-rules.ts'
import { HOMES, joining, NOW } from './shared-stores.ts'

const SALES = { name: 'sales', strategy: 'longest-idle-agent' }
const NUMBER = '+49301234567'
const returning = { number: NUMBER, forMs: 60_000 }
const limits = { most: 0, number: NUMBER }

for (const [kind, open] of Object.entries(HOMES)) {
  test(`${kind}: callers of a higher priority are first, and among equals those who wait longer`, async t => {
    const { first, second } = await open(t)
    await first.store.put(SALES)
    await first.store.enter('sales', joining('plain', NOW - 60_000), NOW)
    await first.store.enter('sales', { ...joining('vip'), priority: 5 }, NOW)
    await second.store.enter('sales', { ...joining('vip-before', NOW - 5_000), priority: 5 }, NOW)
    await second.store.enter('sales', { ...joining('nuisance', NOW - 90_000), priority: -3 }, NOW)
    assert.deepEqual(
      (await first.store.waiting('sales')).map(({ call, priority }) => [call, priority]),
      [
        ['vip-before', 5],
        ['vip', 5],
        ['plain', undefined],
        ['nuisance', -3],
      ],
    )
  })

  test(`${kind}: of many who come at once through two nodes only so many are let in as may wait`, async t => {
    const { first, second } = await open(t)
    await first.store.put(SALES)
    await first.store.enter('sales', joining('talks'), NOW)
    const reserved = { agent: 'alice', epoch: 1 }
    await first.store.change('sales', 'talks', member => ({
      ...member,
      state: 'talking',
      offer: reserved,
      answeredAt: NOW,
      rev: member.rev + 1,
    }))
    const calls = Array.from({ length: 40 }, (_, n) => `c${n}`)
    const answers = await Promise.all(
      calls.map((call, n) =>
        (n % 2 ? first : second).store.admit('sales', joining(call), NOW, { most: 7, number: null }),
      ),
    )
    assert.equal(answers.filter(answer => answer !== 'full').length, 7, 'who talks does not count')
    assert.equal((await first.store.stats('sales')).entered, 8)
    const [inside] = answers.filter(answer => answer !== 'full')
    const again = await second.store.admit('sales', joining(inside!.call), NOW + 5, { most: 7, number: null })
    assert.notEqual(again, 'full', 'who has a place keeps it')
  })

  test(`${kind}: the place of a caller who hung up goes to the next call of the number, once, and not too late`, async t => {
    const { first, second } = await open(t)
    await first.store.put(SALES)
    await first.store.enter('sales', { ...joining('gone', NOW - 40_000), headStartMs: 7_000, priority: 2 }, NOW)
    await first.store.leave('sales', 'gone', 'abandoned', { now: NOW, returning })
    const answers = await Promise.all(
      ['c1', 'c2', 'c3', 'c4'].map((call, n) =>
        (n % 2 ? first : second).store.admit('sales', joining(call, NOW + 100), NOW + 100, limits),
      ),
    )
    const resumed = answers.filter(answer => answer !== 'full' && answer.joinedAt === NOW - 40_000)
    assert.equal(resumed.length, 1)
    const [member] = resumed
    assert.ok(member && member !== 'full')
    assert.deepEqual([member.headStartMs, member.priority], [7_000, 2])

    await first.store.leave('sales', member.call, 'abandoned', { now: NOW + 200, returning })
    const late = await second.store.admit('sales', joining('late', NOW + 60_200), NOW + 60_200, limits)
    assert.ok(late !== 'full' && late.joinedAt === NOW + 60_200, 'too late')
    const other = await second.store.admit('sales', joining('other'), NOW, { most: 0, number: '+4930999' })
    assert.ok(other !== 'full' && other.joinedAt === NOW)
  })

  test(`${kind}: a caller who has talked leaves no place behind, but the length of the talk`, async t => {
    const { first, second } = await open(t)
    await first.store.put(SALES)
    assert.deepEqual(await first.store.talkTime('sales'), { talks: 0, meanMs: 0 })
    const talk = async (call: string, lastsMs: number) => {
      await first.store.enter('sales', joining(call), NOW)
      const offer = { agent: 'alice', epoch: 1 }
      await first.store.change('sales', call, member => ({
        ...member,
        state: 'talking',
        offer,
        answeredAt: NOW,
        rev: member.rev + 1,
      }))
      await second.store.leave('sales', call, 'abandoned', { now: NOW + lastsMs, returning })
    }
    await talk('c1', 60_000)
    await talk('c2', 120_000)
    assert.deepEqual(await second.store.talkTime('sales'), { talks: 2, meanMs: 90_000 })
    const next = await first.store.admit('sales', joining('next'), NOW, limits)
    assert.ok(next !== 'full' && next.joinedAt === NOW)
    for (let n = 0; n < TALKS_COUNTED; n++) await talk(`long-${n}`, 300_001)
    const { talks, meanMs } = await second.store.talkTime('sales')
    assert.equal(talks, TALKS_COUNTED + 2)
    assert.ok(meanMs > 285_000 && meanMs < 300_001, `newer talks count more: ${meanMs}`)
  })

  test(`${kind}: of the rules for a number those of the queue and the longest one count`, async t => {
    const { first, second } = await open(t)
    const rule = (number: string, queue: string, priority: number): NumberRule => ({
      number,
      queue,
      priority,
      blocked: false,
      note: 'test',
    })
    for (const one of [rule('+49*', '', 1), rule('+4930*', '', 2), rule('+49*', 'sales', 3), rule(NUMBER, '', 4)])
      await first.store.putNumberRule(one)
    const found = async (queue: string, number: string) => (await second.store.numberRule(queue, number))?.priority
    assert.equal(await found('sales', NUMBER), 3)
    assert.equal(await found('support', NUMBER), 4)
    assert.equal(await found('support', '+49309999'), 2)
    assert.equal(await found('support', '+4989'), 1)
    assert.equal(await found('support', '+33123456'), undefined)
    await first.store.removeNumberRule({ number: NUMBER, queue: '' })
    await first.store.putNumberRule(rule('+4930*', '', 9))
    assert.equal(await found('support', NUMBER), 9)
    assert.equal((await second.store.numberRules()).length, 3)
  })
}
