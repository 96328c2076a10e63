/** Events, as operations show them, and the patterns by which people choose them. */
import { z } from 'zod'
import { described, numberThat } from '../../base/parsed.ts'
import { quoted } from '../../base/quoted.ts'
import { CATALOGUE } from '../../events/catalogue.ts'
import { EVENT_PATTERN, isWanted } from '../../events/envelope.ts'

const NAMES = Object.keys(CATALOGUE)
const NOUNS = [...new Set(NAMES.map(name => `${name.split('.')[0]}.*`))]

/** A name in the catalogue, or the beginning of some. */
const pattern = z.string().refine(one => EVENT_PATTERN.test(one) && NAMES.some(name => isWanted(name, [one])), {
  error: ({ input }) =>
    `${quoted(input)} names no event; allowed: a name of docs/events.md such as call.completed, or ${NOUNS.join(', ')}`,
})

export const typesField = described(
  z.array(pattern).max(50),
  'only events of these names, such as call.*,lead.disposed',
  '<names>',
)

/** The place of an event in the order of all. */
export const sequence = numberThat('a whole number of 0 or more', value => Number.isSafeInteger(value) && value >= 0)

/** A CloudEvent: docs/events.md. */
export const eventShape = z.object({
  specversion: z.string(),
  id: z.string(),
  source: z.string(),
  type: z.string(),
  subject: z.string(),
  time: z.string(),
  datacontenttype: z.string(),
  sequence: z.string(),
  node: z.string(),
  data: z.unknown(),
})
