/**
 * The United States: the federal hours, and the states that are stricter. Sources: the statutes that are named, as the
 * overviews of compliance services repeat them (three were compared on the day of `version`; where they differ, the
 * shorter hours are here). The exemptions of each state (consent, existing customers, business to business) are not
 * applied: a rule that is too strict costs a call, one that is too lax breaks the law.
 */
import { parseWeek } from '../../base/hours.ts'
import type { RuleSet } from './rule-set.ts'

export const US: RuleSet = {
  version: '2026-11-30',
  country: 'US',
  hours: parseWeek('Mon-Sun 08:00-21:00'),
  source: '47 CFR 64.1200(c)(1), 16 CFR 310.4(c): 8 to 21 h, local time at the location of the called person',
  regions: {
    'US-AL': {
      hours: parseWeek('Mon-Sat 08:00-20:00'),
      notOnHolidays: true,
      source: 'Alabama, Telephone Solicitations Act, Ala. Code 8-19C; rules of the Public Service Commission',
    },
    'US-CT': { hours: parseWeek('Mon-Sun 09:00-20:00'), source: 'Connecticut, Conn. Gen. Stat. 42-288a' },
    'US-FL': {
      hours: parseWeek('Mon-Sun 08:00-20:00'),
      mostPerDay: 3,
      source: 'Florida, Fla. Stat. 501.616(6)',
    },
    'US-KY': { hours: parseWeek('Mon-Sun 10:00-21:00'), source: 'Kentucky, KRS 367.46955' },
    'US-LA': {
      hours: parseWeek('Mon-Sat 08:00-20:00'),
      notOnHolidays: true,
      source: 'Louisiana, La. R.S. 45:844; also no calls in a declared state of emergency',
    },
    'US-MA': { hours: parseWeek('Mon-Sun 08:00-20:00'), source: 'Massachusetts, M.G.L. c. 159C' },
    'US-MD': {
      hours: parseWeek('Mon-Sun 08:00-20:00'),
      mostPerDay: 3,
      source: 'Maryland, Stop the Spam Calls Act of 2023',
    },
    'US-MI': { hours: parseWeek('Mon-Sun 09:00-21:00'), source: 'Michigan, MCL 484.125' },
    'US-MN': { hours: parseWeek('Mon-Sun 09:00-21:00'), source: 'Minnesota, Minn. Stat. 325E.30' },
    'US-MS': {
      hours: parseWeek('Mon-Sat 08:00-20:00'),
      source: 'Mississippi, Miss. Code 77-3-603 and 77-3-723: not on Sundays; the end at 20 h is the stricter reading',
    },
    'US-NM': { hours: parseWeek('Mon-Sun 09:00-21:00'), source: 'New Mexico, N.M. Stat. 57-12-22' },
    'US-NV': { hours: parseWeek('Mon-Sun 09:00-20:00'), source: 'Nevada, NRS 599B' },
    'US-OK': {
      hours: parseWeek('Mon-Sun 08:00-20:00'),
      mostPerDay: 3,
      source: 'Oklahoma, Telephone Solicitation Act of 2022, Okla. Stat. tit. 15, 775C.4',
    },
    'US-PA': {
      hours: parseWeek('Mon-Sat 08:00-21:00, Sun 13:30-21:00'),
      notOnHolidays: true,
      source: 'Pennsylvania, Telemarketer Registration Act, 73 P.S. 2241: Sunday from 13:30',
    },
    'US-RI': {
      hours: parseWeek('Mon-Fri 09:00-18:00, Sat 10:00-17:00'),
      notOnHolidays: true,
      source: 'Rhode Island, R.I. Gen. Laws 5-61',
    },
    'US-TX': {
      hours: parseWeek('Mon-Sat 09:00-21:00, Sun 12:00-21:00'),
      source: 'Texas, Bus. & Com. Code 301.051',
    },
    'US-UT': {
      notOnHolidays: true,
      hours: parseWeek('Mon-Sat 08:00-21:00'),
      source: 'Utah, Telephone and Facsimile Solicitation Act, Utah Code 13-25a: not on Sundays and holidays',
    },
  },
}
