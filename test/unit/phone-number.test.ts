/** The one check whether a number can be dialled, and the one form in which numbers are stored and compared. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { countries, country } from '../../src/base/country.ts'
import { InputError } from '../../src/base/errors.ts'
import { seededRandom } from '../../src/base/seeded-random.ts'
import { dialable, inCountry, leadNumber, phoneNumber } from '../../src/esl/phone-number.ts'

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
    '="+493012345"',
    'tel:+49-30-12345',
    '\uff0b\uff14\uff193012345',
  ]
  for (const number of written) assert.equal(phoneNumber(number), '+493012345', number)
  assert.equal(phoneNumber('030 (123) 45'), '03012345')
  assert.equal(phoneNumber('(555) 010-1234'), '5550101234')
  assert.equal(phoneNumber('+39 (0)6 1234567'), '+39061234567', 'Italy keeps its zero')
})

test('a short number of the house can be dialled', () => {
  for (const number of ['12', '201', '1001']) assert.equal(dialable(number), number)
})

test('words, names, addresses and zeros are no number to dial', () => {
  const wrong = [
    ...['', 'n/a', '4.93E+11', '+49 30 x12', '12345678901234567890123', '+', '-', '0', '000', '0000', '00', '+0301234'],
    ...['withheld', 'Withheld Number', 'Private Number', 'unknown caller', 'blocked', 'Coverage Unavailable'],
    ...['OUT_OF_AREA', 'anonymous', 'anonymous.invalid', 'sip:anonymous@anonymous.invalid', 'asterisk', 'alice'],
    ' '.repeat(60_000) + '/'.repeat(5_000),
    ...['"x" <y>', '+4930555123;phone-context=x', '+4930555123;ext=5', 'sip:+4930555123@example.com'],
  ]
  for (const text of wrong) {
    assert.throws(() => phoneNumber(text), InputError, text)
    assert.equal(dialable(text), null)
  }
})

test('the decimals of a spreadsheet are not dialled, and its groups of thousands are', () => {
  for (const text of ['+4930123456.0', '+4930123456.00', '+4930123456,0', '+4930123456.000'])
    assert.equal(phoneNumber(text), '+4930123456', text)
  assert.equal(phoneNumber('4,930,123,456'), '4930123456')
})

test('a number that a spreadsheet has rounded is refused, and the person learns what to do', () => {
  for (const text of ['4.9E+11', '4,93012E+11', '4.93012e11', '+4.9E+11'])
    assert.throws(() => phoneNumber(text), /spreadsheet has rounded.*the format "text"/, text)
})

test('two people in one cell are never joined to a third one', () => {
  const two = [
    ...['069 1234 / 069 1235', '069 1234/069 1235', '069 1234 - 069 1235', '069 1234 069 1235', '030 1234567/8'],
    ...['555-123-4567 / 555-765-4321', '0691234567 0691234568', '+49 30 12345; +49 30 12346', '0301234567,0301234568'],
    ...['+49301234567\n+49301234568', '+49 170 1234567 or 030 1234567', '06 12 34 56 78 06 98 76 54 32'],
    ...['+49 30 1234567 (+49 170 1234567)', '0171-1234567/0171-7654321', '+49301234567|+49301234568'],
  ]
  for (const text of two) assert.throws(() => phoneNumber(text), /two numbers in one cell/, text)
  const one = {
    '+49 3362 / 123456': '+493362123456',
    '0049 (0)170 12345678': '+4917012345678',
    '030/1234567': '0301234567',
    '06 12 34 56 78': '0612345678',
    '030 12345-0': '030123450',
    '+49 30 123 456 78': '+493012345678',
    '1 (800) 555-0199': '18005550199',
  }
  for (const [text, number] of Object.entries(one)) assert.equal(phoneNumber(text), number)
})

test('no number has more than 15 digits behind its plus', () => {
  assert.equal(phoneNumber('+123456789012345'), '+123456789012345')
  for (const text of ['+1234567890123456', '001234567890123456'])
    assert.throws(() => phoneNumber(text), /at most 15 digits/, text)
})

test('where the country of a list is known, each person has one number, however the list writes it', () => {
  for (const text of ['+4930999888', '004930999888', '+49 (0)30 999 888', '030999888', '4930999888', '30999888'])
    assert.equal(leadNumber(text, country('DE')), '+4930999888', text)
  assert.equal(leadNumber('49410112345', country('DE')), '+49410112345', 'the plus is missing, not a zero')
  assert.equal(leadNumber('(212) 555-0123', country('US')), '+12125550123')
  assert.equal(leadNumber('1-212-555-0123', country('US')), '+12125550123')
  assert.equal(leadNumber('020 7946 0123', country('GB')), '+442079460123')
  assert.equal(leadNumber('612 34 56 78', country('ES')), '+34612345678')
  assert.equal(leadNumber('06 1234567', country('IT')), '+39061234567')
  assert.equal(leadNumber('+33 1 23 45 67 89', country('DE')), '+33123456789')
})

test('a number of a usual length is called also when the plans of the library do not know it yet', () => {
  assert.equal(leadNumber('5551234567', country('US')), '+15551234567')
})

test('nobody is called at a short, service, emergency or premium-rate number where the country is known', () => {
  for (const text of ['110', '112', '1001', '116117', '19222', '201.0'])
    assert.throws(() => leadNumber(text, country('DE')), /short, service or emergency/, text)
  assert.throws(() => leadNumber('911', country('US')), /emergency/)
  assert.throws(() => leadNumber('0900 1234567', country('DE')), /premium/)
  assert.throws(() => leadNumber('+49 900 1234567', null), /premium/)
  assert.throws(() => leadNumber('+49 30', country('DE')), /too few or too many/)
  assert.throws(() => leadNumber('+999 30123456', country('DE')), /code of a country/)
})

test('without a country the digits stay as they are written', () => {
  for (const text of ['030999888', '110', '4930999888', '+491701']) assert.equal(leadNumber(text, null), text)
})

test('somebody who types a number reaches that number of the country, and the extension 201', () => {
  const typed = (text: string) => inCountry(phoneNumber(text), country('DE'))
  assert.equal(typed('030 999888'), '+4930999888')
  for (const text of ['201', '110', '1001']) assert.equal(typed(text), text)
  assert.equal(inCountry(phoneNumber('030 999888'), null), '030999888')
})

test('every country with a numbering plan can be a setting, and a wrong word is told what is right', () => {
  assert.deepEqual(countries().toSorted(), getCountries().toSorted())
  assert.equal(country(' de '), 'DE')
  assert.throws(() => country('UK'), /the United Kingdom is GB/)
  assert.throws(() => country('Germany'), /two letters of ISO 3166/)
})

test('the quick way to read a number of the own country answers as the library does', () => {
  const digits = seededRandom('numbers')
  const pick = <T>(all: readonly T[]) => all[Math.floor(digits() * all.length)]!
  const some = (n: number) => Array.from({ length: n }, () => Math.floor(digits() * 10)).join('')
  for (const code of [
    'DE',
    'FR',
    'ES',
    'NL',
    'CH',
    'AT',
    'PL',
    'SE',
    'IN',
    'ZA',
    'JP',
    'BR',
    'GB',
    'US',
    'IT',
  ] as const) {
    const calling = getCountryCallingCode(code)
    for (let n = 0; n < 2_000; n++) {
      const start = pick([`+${calling}`, '0', '', `+${calling}0`, '00'])
      const text = start + (digits() < 0.3 ? pick(['900', '800', '118', '70', '30', '15']) : '') + some(3 + (n % 10))
      if (!/^\+?\d{2,15}$/.test(text) || /^(\+0|0+$|00)/.test(text)) continue
      const read = parsePhoneNumberFromString(text, text.startsWith('+') ? undefined : code)
      const own = inCountry(phoneNumber(text), country(code))
      const usable = read && read.isPossible() && read.getType() !== 'PREMIUM_RATE'
      const isWhole = usable && (text.startsWith('+') || read.isValid() || read.nationalNumber.length >= 7)
      if (isWhole && !text.startsWith(calling)) assert.equal(own, read.number, `${code} ${text}`)
      if (!isWhole) assert.equal(own, text, `${code} ${text}`)
    }
  }
})
