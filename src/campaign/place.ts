/**
 * The place of a lead, as far as it decides when the lead may be called: regions, for the rules of states and for
 * holidays, and time zones. Many leads have the same place, so a lead stores the number of its place (table `places`),
 * and the dialer asks for each place whether it may be called now, not for each lead.
 */
import { zoneNamed } from '../base/hours.ts'
import { InputError } from '../base/errors.ts'
import { placeOfNumber, type Place } from './number-places.ts'
import { usRegion } from './us-states.ts'

/** Names of columns, in lower case and without spaces, _ and -. */
const ZONE_COLUMNS = ['timezone', 'tz']
const STATE_COLUMNS = ['state', 'usstate']

/** 'US-FL,US-GA|America/New_York': equal for equal places. */
export const placeKey = ({ regions, zones }: Place): string =>
  `${[...regions].sort().join(',')}|${[...zones].sort().join(',')}`

export function placeFrom(key: string): Place {
  const [regions = '', zones = ''] = key.split('|')
  const list = (text: string) => text.split(',').filter(word => word !== '')
  return { regions: list(regions), zones: list(zones) }
}

/**
 * The place of a lead with this number. A column `time_zone` of the list (an IANA name) replaces the zones of the
 * number. A column `state` (Florida or FL) adds a state, and the rules of both states hold then: the number may have
 * moved. A value that cannot be used is ignored: the number decides.
 */
export function placeOfLead(number: string, fields: Readonly<Record<string, string>>): Place {
  const { regions, zones } = placeOfNumber(number)
  const zone = zoneIn(columnOf(fields, ZONE_COLUMNS) ?? '')
  const state = usRegion(columnOf(fields, STATE_COLUMNS) ?? '')
  return {
    regions: state === null || regions.includes(state) ? regions : [...regions, state],
    zones: zone === null ? zones : [zone],
  }
}

/** The value of the first column with one of these names, which are plain. */
export function columnOf(fields: Readonly<Record<string, string>>, names: readonly string[]): string | undefined {
  const found = Object.keys(fields).find(name => names.includes(plainName(name)))
  return found === undefined ? undefined : fields[found]
}

/** 'Alt_Phone' → 'altphone' */
export const plainName = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, '')

function zoneIn(text: string): string | null {
  if (text.trim() === '') return null
  try {
    return zoneNamed(text.trim())
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return null
  }
}
