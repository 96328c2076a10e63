/**
 * Leads and opt-outs that were stored before anybody told their country: their numbers are read again in the plan of
 * that country, so that each person has one number. Runs when a list is imported, when the country of a campaign is
 * set, and when a node begins to dial a campaign (COUNTRY may have been set meanwhile).
 */
import type { Country } from '../base/country.ts'
import { inCountry, phoneNumber } from '../esl/phone-number.ts'
import { leadsWithoutPlus, optOutsWithoutPlus, respellLeads, respellOptOuts } from '../store/number-spellings.ts'
import type { Queries } from '../store/sql.ts'

const PAGE = 1_000

/**
 * An opt-out is read in every country that an installation has: in doubt a person is not called. `goesOn`: false ends
 * the work between two pages; the next run does the rest.
 */
export async function readNumbersAgain(
  sql: Queries,
  campaign: string,
  country: Country,
  now: number,
  goesOn: () => boolean = () => true,
): Promise<void> {
  const read = (written: string) => String(inCountry(phoneNumber(written), country))
  for (let after = ''; goesOn();) {
    const page = await optOutsWithoutPlus(sql, after, PAGE)
    const known = page.map(written => ({ written, phone: read(written) })).filter(one => one.phone !== one.written)
    if (known.length > 0) await respellOptOuts(sql, known, now)
    if (page.length < PAGE) break
    after = page.at(-1)!
  }
  for (let after = 0; goesOn();) {
    const page = await leadsWithoutPlus(sql, campaign, after, PAGE)
    const known = page.map(({ id, phone }) => ({ id, written: phone, phone: read(phone) }))
    const changed = known.filter(one => one.phone !== one.written)
    if (changed.length > 0) await respellLeads(sql, campaign, changed, now)
    if (page.length < PAGE) return
    after = page.at(-1)!.id
  }
}
