/**
 * Leads as CSV, with the columns of their lists and what came of each. Spreadsheets open it without running a formula
 * of a list, and it can be imported again. Used by export.ts and `switchhook campaign leads --csv`.
 */
import { plainCell } from './csv.ts'

/** The columns that follow those of the list. An import leaves them out. */
const RESULT = {
  lead_state: lead => (lead.removedAt === null ? lead.state : 'removed'),
  lead_attempts: lead => String(lead.attempts),
  lead_disposition: lead => lead.disposition ?? '',
  lead_next_call: lead => (lead.state === 'ready' ? lead.nextAt.toISOString() : ''),
  lead_last_attempt: lead => lead.lastAttemptAt?.toISOString() ?? '',
  lead_agent: lead => lead.agent ?? '',
  lead_priority: lead => String(lead.priority),
} as const satisfies Record<string, (lead: LeadResult) => string>
type ResultColumn = keyof typeof RESULT

export interface LeadResult {
  readonly phone: string
  readonly fields: Readonly<Record<string, string>>
  readonly state: string
  readonly attempts: number
  readonly disposition: string | null
  readonly nextAt: Date
  readonly lastAttemptAt: Date | null
  readonly agent: string | null
  readonly priority: number
  readonly removedAt: Date | null
}

export const RESULT_COLUMNS = Object.keys(RESULT) as readonly ResultColumn[]
/** Those that are short enough for a look at a list. */
export const SHORT_COLUMNS: readonly ResultColumn[] = RESULT_COLUMNS.slice(0, 4)

/** The columns of one file. */
export interface CsvColumns {
  /** The names of the columns of the lists. */
  readonly fields: readonly string[]
  readonly result: readonly ResultColumn[]
}

const line = (cells: readonly string[]): string => `${cells.map(plainCell).join(',')}\n`

/** The first line. */
export const csvHead = ({ fields, result }: CsvColumns): string => line([phoneName(fields), ...fields, ...result])

export const csvLine = (lead: LeadResult, { fields, result }: CsvColumns): string =>
  line([lead.phone, ...fields.map(name => lead.fields[name] ?? ''), ...result.map(name => RESULT[name](lead))])

/** A list that was imported with --phone-column may have another column of this name. */
const phoneName = (fields: readonly string[]): string => (fields.includes('phone') ? 'phone_number' : 'phone')
