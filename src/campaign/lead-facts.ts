/**
 * What is known of a lead before it is called, for the model of who will answer (pacing/lead-answers.ts): the hour and
 * the weekday where the person lives, and what became of the last calls to the number. Pure.
 */
import { localHour } from '../base/hours.ts'
import type { LeadFacts, NumberHistory } from './pacing/lead-answers.ts'
import { placeFrom } from './place.ts'

/**
 * @param key The place of the number, as placeKey writes it. Of several zones the first one counts.
 * @param results As `lastResults` of store/lead-history.ts tells them; null: the number was never called.
 * @param at When the lead is called, milliseconds since the epoch.
 * @param timeZone Of numbers whose zone is not known.
 */
export function leadFacts(key: string, results: string | null, at: number, timeZone: string): LeadFacts {
  const { day: weekday, hour } = localHour(placeFrom(key).zones[0] ?? timeZone, at)
  return { hour, weekday, history: historyOf(results) }
}

/** So many calls in a row without an answer: the person is hardly ever there. */
const OFTEN = 3

function historyOf(results: string | null): NumberHistory {
  const last = (results ?? '')
    .split(',')
    .filter(word => word !== '')
    .map(kindOf)
  const [latest] = last
  if (latest === undefined) return 'new'
  const isOften = last.length >= OFTEN && last.every(kind => kind === 'unanswered')
  return isOften ? 'unanswered-often' : latest
}

/** An end that says nothing of the person (the network failed, a node died) counts as no answer. */
function kindOf(result: string): Exclude<NumberHistory, 'new' | 'unanswered-often'> {
  switch (result) {
    case 'answered':
    case 'hung-up': // somebody picked up
      return 'answered'
    case 'machine':
    case 'voicemail':
    case 'silence':
      return 'machine'
    case 'busy':
      return 'busy'
    default:
      return 'unanswered'
  }
}
