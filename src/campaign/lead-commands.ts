/**
 * A supervisor's commands for the leads of a campaign: add, remove, recycle. They are safe while the campaign runs: a
 * lead that is called in this moment is not changed under its call.
 */
import type { Country } from '../base/country.ts'
import { InputError } from '../base/errors.ts'
import { leadNumber, NumberFault } from '../esl/phone-number.ts'
import { recycleLeads, removeLead } from '../store/lead-changes.ts'
import { addStaged, stageLeads, type NewLead } from '../store/staged-leads.ts'
import type { Sql } from '../store/sql.ts'
import type { Campaign } from './campaign.ts'
import type { DialWakeup } from './dial-wakeup.ts'

export interface LeadCommandParts {
  readonly sql: Sql
  readonly wakeup: Pick<DialWakeup, 'ring'>
  /** Of numbers without a country code, where the campaign names none. */
  readonly country?: Country | null
}

export interface GivenLead extends Omit<NewLead, 'phone' | 'fields'> {
  /** As somebody has written it. */
  readonly number: string
  readonly fields?: Readonly<Record<string, string>> | undefined
}

export interface AddedLeads {
  readonly added: number
  /** Numbers that the campaign has already, or that were given twice. */
  readonly duplicates: number
  readonly optedOut: number
  /** Numbers that cannot be called, and what would be allowed. */
  readonly rejected: readonly { readonly number: string; readonly allowed: string }[]
}

/** A statement of the pool has five seconds; more leads than this get a connection of their own. */
const FEW = 500

/** @throws InputError (BAD_INPUT) when none of the numbers can be called; then nothing has changed */
export async function addLeads(
  { sql, wakeup, country = null }: LeadCommandParts,
  campaign: Campaign,
  given: readonly GivenLead[],
  now: number,
): Promise<AddedLeads> {
  const rejected: { number: string; allowed: string }[] = []
  const leads = given.flatMap(({ number, fields = {}, ...lead }) => {
    try {
      return [{ ...lead, phone: leadNumber(number, campaign.country ?? country), fields }]
    } catch (error) {
      if (!(error instanceof NumberFault)) throw error
      rejected.push({ number, allowed: error.allowed })
      return []
    }
  })
  if (leads.length === 0) {
    const faults = rejected.slice(0, 10).map(({ number, allowed }) => `'${number}' cannot be used; allowed: ${allowed}`)
    throw new InputError(faults.join('\n'))
  }
  const { added, optedOut } = await sql.begin(
    async tx => {
      await stageLeads(tx, leads)
      return addStaged(tx, campaign.id, now)
    },
    { alone: leads.length > FEW },
  )
  await wakeup.ring({ what: 'campaign', name: campaign.name })
  return { added, optedOut, duplicates: leads.length - added - optedOut, rejected }
}

/**
 * Takes a lead from the list. `after-attempt`: it is called in this moment, and is removed when that attempt ends.
 * Null: somebody else has removed it.
 */
export async function dropLead(
  { sql, wakeup }: LeadCommandParts,
  campaign: Campaign,
  id: number,
  now: number,
): Promise<'removed' | 'after-attempt' | null> {
  const when = await sql.begin(tx => removeLead(tx, id, now))
  await wakeup.ring({ what: 'campaign', name: campaign.name }) // it may have been the last one that was left
  return when
}

const PAGE = 2_000

/**
 * Makes done leads with these dispositions ready again, a page at a time: nobody waits for a lock, and what is done
 * stays done when PostgreSQL is lost in between. Opted-out and removed leads stay done. Resolves with the number of
 * leads that are ready again by their disposition, and of those that stay because they opted out.
 */
export async function recycle(
  { sql, wakeup }: LeadCommandParts,
  campaign: Campaign,
  { dispositions, nextAt }: { readonly dispositions: readonly string[]; readonly nextAt: number },
  now: number,
): Promise<{ readonly recycled: ReadonlyMap<string, number>; readonly optedOut: number }> {
  const recycled = new Map<string, number>()
  let optedOut = 0
  for (let after = 0; ;) {
    const page = await recycleLeads(sql, { campaign: campaign.id, dispositions, nextAt, after, limit: PAGE, now })
    for (const one of page) {
      if (one.recycled) recycled.set(one.disposition, (recycled.get(one.disposition) ?? 0) + 1)
      else optedOut += 1
    }
    if (page.length < PAGE) break
    after = page.at(-1)!.id
  }
  await wakeup.ring({ what: 'campaign', name: campaign.name })
  return { recycled, optedOut }
}
