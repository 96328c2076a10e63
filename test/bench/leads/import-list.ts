/** A child of the bench: imports or exports one list, and prints the time and the peak of its memory as JSON. */
import { country } from '../../../src/base/country.ts'
import { exportLeads } from '../../../src/campaign/export.ts'
import { importLeads } from '../../../src/campaign/import.ts'
import { openSql, type DatabaseAddress } from '../../../src/store/sql.ts'

export interface ListTask {
  readonly what: 'import' | 'export'
  readonly database: DatabaseAddress
  /** The campaign's id. */
  readonly campaign: string
  readonly file: string
  readonly now: number
}

export interface ListReport {
  readonly seconds: number
  /** Highest resident memory of the process. */
  readonly peakMb: number
  readonly added: number
  readonly read: number
  readonly rejected: number
  readonly optedOut: number
  readonly duplicates: number
}

const { what, database, campaign, file, now } = JSON.parse(process.argv[2]!) as ListTask
const sql = openSql(database, { max: 2 })
const began = performance.now()
const counts =
  what === 'import'
    ? await importLeads({ sql, campaign, file, country: country('DE'), now })
    : {
        read: await exportLeads({ sql, campaign, file, overwrite: true }),
        added: 0,
        rejected: 0,
        optedOut: 0,
        duplicates: 0,
      }
const seconds = (performance.now() - began) / 1_000
await sql.end()
const { read, added, rejected, optedOut, duplicates } = counts
const peakMb = process.resourceUsage().maxRSS / 1_024
console.log(JSON.stringify({ seconds, peakMb, read, added, rejected, optedOut, duplicates } satisfies ListReport))
