/** The one check whether a number can be dialled. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputError } from '../../src/base/errors.ts'
import { dialable, phoneNumber } from '../../src/esl/phone-number.ts'

test('a number is read as people, lists and carriers write it', () => {
  const written = [
    '+49 (0)30 / 123-45',
    '0049 30 12345',
    '+49.30.12345',
    ' +49\u00a030 123\u201145 ',
    "'+493012345",
    '+49 30 12345',
    '+493012345;npdi',
    '+493012345;npdi;rn=+4930999',
  ]
  for (const number of written) assert.equal(phoneNumber(number), '+493012345', number)
  assert.equal(phoneNumber('030 (123) 45'), '03012345')
  assert.equal(phoneNumber('(555) 010-1234'), '5550101234')
})

test('a short number of the house can be dialled', () => {
  for (const number of ['12', '201', '1001']) assert.equal(dialable(number), number)
})

test('words, names, addresses and zeros are no number to dial', () => {
  const wrong = [
    ...['', 'n/a', '4.93E+11', '+49 30 x12', '12345678901234567890123', '+', '-', '0', '000', '0000', '00', '+0301234'],
    ...['withheld', 'Withheld Number', 'Private Number', 'unknown caller', 'blocked', 'Coverage Unavailable'],
    ...['OUT_OF_AREA', 'anonymous', 'anonymous.invalid', 'sip:anonymous@anonymous.invalid', 'asterisk', 'alice'],
    ...['"x" <y>', '+4930555123;phone-context=x', '+4930555123;ext=5', 'sip:+4930555123@example.com'],
  ]
  for (const text of wrong) {
    assert.throws(() => phoneNumber(text), InputError, text)
    assert.equal(dialable(text), null)
  }
})
