/**
 * Countries, for telephone numbers without a country code: which country's people write them so. A setting of the
 * installation (COUNTRY) and of a campaign. esl/number-plan.ts has their numbering plans; a test compares the lists.
 */
import { InputError } from './errors.ts'

declare const brand: unique symbol
/** Two letters of ISO 3166, 'DE'. */
export type Country = string & { readonly [brand]: 'Country' }

const COUNTRIES = new Set(
  `AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ CA CC CD
  CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE
  GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN
  KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ
  NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH
  SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG
  VI VN VU WF WS XK YE YT ZA ZM ZW`.split(/\s+/),
)

/**
 * @example
 * country('de') // 'DE'
 *
 * @throws InputError (BAD_INPUT) for a text that is no country with a numbering plan
 */
export function country(text: string): Country {
  const code = text.trim().toUpperCase()
  if (COUNTRIES.has(code)) return code as Country
  const meant = code === 'UK' ? '; the United Kingdom is GB' : ''
  throw new InputError(`'${text}' is no country; allowed: two letters of ISO 3166, such as DE, FR or US${meant}`)
}

/** All countries with a numbering plan. */
export const countries = (): readonly string[] => [...COUNTRIES]
