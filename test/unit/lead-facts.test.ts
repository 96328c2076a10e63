/** What is known of a lead before the call: by the clock of the person, and by the last calls to the number. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leadFacts } from '../../src/campaign/lead-facts.ts'

/** A Sunday, 23:30 in London and 18:30 in New York. */
const SUNDAY = Date.UTC(2026, 0, 4, 23, 30)

const historyOf = (results: string | null) => leadFacts('', results, SUNDAY, 'UTC').history

test('the hour and the day are those of the person, not of the campaign', () => {
  const { hour, weekday } = leadFacts('US-NY|America/New_York', null, SUNDAY, 'Asia/Tokyo')
  assert.deepEqual([hour, weekday], [18, 6])
})

test('a person whose time zone is not known lives where the campaign says', () => {
  const { hour, weekday } = leadFacts('', null, SUNDAY, 'Asia/Tokyo')
  assert.deepEqual([hour, weekday], [8, 0], 'in Tokyo it is Monday')
})

test('the last call to the number decides what kind of lead it is', () => {
  assert.equal(historyOf(null), 'new')
  assert.equal(historyOf('answered,busy,busy'), 'answered')
  assert.equal(historyOf('hung-up'), 'answered')
  assert.equal(historyOf('voicemail,answered'), 'machine')
  assert.equal(historyOf('busy,answered'), 'busy')
  assert.equal(historyOf('no-answer,answered,answered'), 'unanswered')
})

test('a person who did not answer three times in a row is hardly ever there', () => {
  assert.equal(historyOf('no-answer,no-answer'), 'unanswered')
  assert.equal(historyOf('no-answer,failed,no-answer'), 'unanswered-often')
  assert.equal(historyOf('no-answer,no-answer,busy'), 'unanswered')
})
