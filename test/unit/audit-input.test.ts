/** What an audit row keeps of the input of an operation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditInput } from '../../src/operations/audit.ts'

test('of ten thousand people the audit row keeps the first twenty and the number of the others', () => {
  const leads = Array.from({ length: 10_000 }, (_, n) => ({ number: `+4930555${n}` }))
  assert.deepEqual(auditInput({ campaign: 'spring', leads, priority: 5 }), {
    campaign: 'spring',
    leads: [...leads.slice(0, 20), 'and 9980 more'],
    priority: 5,
  })
})

test('twenty people, and an input that is no object, stay as they are', () => {
  const leads = Array.from({ length: 20 }, (_, n) => `+4930555${n}`)
  assert.deepEqual(auditInput({ leads }), { leads })
  for (const given of [null, 'spring', 7]) assert.equal(auditInput(given), given)
})
