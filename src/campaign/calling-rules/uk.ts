/**
 * The United Kingdom. No statute names hours: the ICO warns of "antisocial hours", and the code of the Direct Marketing
 * Association gives the times that are used here. Ofcom's rule about silent calls (a person who was abandoned is not
 * called for 72 hours) is in disposition.ts.
 */
import { parseWeek } from '../../base/hours.ts'
import type { RuleSet } from './rule-set.ts'

export const UK: RuleSet = {
  version: '2026-11-30',
  country: 'GB',
  hours: parseWeek('Mon-Fri 08:00-21:00, Sat 09:00-21:00'),
  notOnHolidays: true,
  source:
    'DMA (UK), guide to telemarketing: Monday to Friday 8 to 21 h, Saturday 9 to 21 h, not on Sundays and holidays',
  regions: {},
}
