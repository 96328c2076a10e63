/** docs/leads.md, the page of supervisors: each number on it is read, or refused, as the page says. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { country } from '../../src/base/country.ts'
import { RESULT_COLUMNS } from '../../src/campaign/lead-csv.ts'
import { phoneColumn } from '../../src/campaign/phone-columns.ts'
import { leadNumber } from '../../src/esl/phone-number.ts'
import { OPERATIONS } from '../../src/operations/all.ts'
import { fieldsOf } from '../../src/operations/operation.ts'

const page = readFileSync(new URL('../../docs/leads.md', import.meta.url), 'utf8')
const words = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(found => found[1]!)
/** The rows of the table whose first line begins so. */
function rows(head: string): readonly (readonly string[])[] {
  const table = page.slice(page.indexOf(head)).split('\n\n')[0]!
  return table
    .split('\n')
    .slice(2)
    .map(line => line.split('|').map(cell => cell.trim()))
}

test('each number on the page is stored in the form that the page tells', () => {
  const table = rows('| written, with the country DE |')
  assert.ok(table.length > 4, 'the page has the table')
  for (const [, written, stored] of table)
    for (const text of words(written!)) assert.equal(leadNumber(text, country('DE')), words(stored!)[0], text)
})

test('each number that the page calls refused is refused', () => {
  const table = rows('| written | why |')
  assert.ok(table.length > 5, 'the page has the table')
  for (const [, written] of table)
    for (const text of words(written!))
      assert.throws(() => leadNumber(text, country('DE')), { code: 'BAD_INPUT' }, text)
})

test('a column is found under each name that the page tells', () => {
  const [line] = page.split('\n').filter(text => text.startsWith('| column with the numbers'))
  const names = words(line!).filter(name => !name.startsWith('--'))
  assert.ok(names.length > 6, 'the page has the names')
  for (const name of names) assert.equal(phoneColumn(['Name', name], undefined), 1, name)
})

test('each command and option on the page exists, and each column of an exported file is named', () => {
  const known = new Map(OPERATIONS.map(one => [one.name.replace('.', ' '), one]))
  const options = new Set(
    OPERATIONS.filter(one => /^(campaign|lead|call)\./.test(one.name))
      .flatMap(one => fieldsOf(one))
      .map(({ name }) => `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`),
  )
  for (const [, command] of page.matchAll(
    /`?(?:switchhook )?((?:campaign|lead) (?:add|set|start|update|remove|recycle|leads|export))\b/g,
  ))
    assert.ok(known.has(command!), command)
  for (const option of page.match(/(?<![|\w])--[a-z][a-z-]*/g) ?? []) assert.ok(options.has(option), option)
  assert.deepEqual(
    RESULT_COLUMNS.filter(name => !page.includes(`\`${name}\``)),
    [],
  )
})
