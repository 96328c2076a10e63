/** What somebody sees who may not see the telephone numbers of callers and leads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masked } from '../../src/base/masked.ts'

test('a number is masked wherever it stands: in a field, a text, a list, a key, however it is written', () => {
  const told = masked({
    phone: '+49301234567',
    note: 'Anna asked us',
    detail: 'as before: +49 30 1234567, then 0301234567',
    leads: [{ number: '112', fields: { name: 'Anna', street: 'Hauptstr. 1' }, previous: null }],
    input: { deep: { deeper: ['0049301234567'] }, '+49301234567': 1 },
    calls: 3,
  })
  assert.deepEqual(told, {
    phone: '+49…67',
    note: '…',
    detail: 'as before: +49…67, then 030…67',
    leads: [{ number: '…', fields: { name: '…', street: '…' }, previous: null }],
    input: { deep: { deeper: ['004…67'] }, '+49…67': 1 },
    calls: 3,
  })
})

test('what is no personal data stays as it is: ids, moments, queues, telephones of the call centre', () => {
  const answer = {
    id: '0d7f3b1e-1111-4222-8333-444455556666',
    at: new Date('2026-03-01T10:00:00Z'),
    moment: '2026-03-01T10:00:00.000Z',
    to: 'support',
    endpoint: 'user/1001',
    fields: null,
    waitMs: 12_345_678,
  }
  assert.deepEqual(masked(answer), answer)
})
