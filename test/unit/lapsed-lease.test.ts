/** What a node whose lease has lapsed does with the calls that FreeSWITCH connects. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LapsedLease } from '../../src/call/lapsed-lease.ts'
import { newUuid } from '../../src/esl/safe-text.ts'

test('a node with its lease takes every call; one without offers each call to the others once, and drives what comes back', () => {
  let holds = true
  const lapse = new LapsedLease(() => holds)
  const call = newUuid()
  assert.equal(lapse.offers(call), false)
  assert.equal(lapse.mayDrive(call), true)
  holds = false
  assert.equal(lapse.mayDrive(call), false)
  assert.equal(lapse.offers(call), true, 'the others first')
  assert.equal(lapse.mayDrive(call), false)
  assert.equal(lapse.offers(call), false, 'nobody else wanted it')
  assert.equal(lapse.mayDrive(call), true)
  assert.equal(lapse.mayDrive(newUuid()), false, 'this one only')
})

test('a call whose connection was closed here already stays when it comes back', () => {
  const lapse = new LapsedLease(() => false)
  const call = newUuid()
  lapse.offered(call)
  assert.equal(lapse.offers(call), false)
})

test('with the lease back nothing is known of who came back before: the store says whose the calls are', () => {
  let holds = false
  const lapse = new LapsedLease(() => holds)
  const call = newUuid()
  lapse.offered(call)
  lapse.offers(call)
  holds = true
  lapse.end()
  holds = false
  assert.equal(lapse.mayDrive(call), false)
  assert.equal(lapse.offers(call), true)
})
