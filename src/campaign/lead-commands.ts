/**
 * A supervisor's commands for the leads of a campaign: add, remove, recycle. They are safe while the campaign runs: a
 * lead that is called in this moment is not changed under its call.
 */
import { inTurns } from '../base/batches.ts'
import type { Clock } from '../base/clock.ts'
import type { Country } from '../base/country.ts'
import { InputError } from '../base/errors.ts'
import { leadNumber, NumberFault } from '../esl/phone-number.ts'
import { recycleLeads, removeLead } from '../store/lead-changes.ts'
import { addStaged, stageLeads, type NewLead } from '../store/staged-leads.ts'
import type { Sql, Transaction } from '../store/sql.ts'
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

/** How far leads are added: numbers that were read, or leads that were compared with the list. */
type AddProgress = (progress: {
  readonly phase: 'reading' | 'adding'
  readonly done: number
  readonly all: number
}) => void

export interface AddParts extends LeadCommandParts {
  readonly clock: Pick<Clock, 'turn'>
  readonly progress?: AddProgress | undefined
}

/** A statement of the pool has five seconds; more leads than this get a connection of their own. */
const FEW = 500
/** A number takes up to 14 µs to read, and a node that reads ten thousand in one turn serves nobody meanwhile. */
const READ_AT_ONCE = 500

/** Leads whose numbers were read, and those that cannot be called. */
export interface ReadLeads {
  readonly leads: readonly NewLead[]
  readonly rejected: AddedLeads['rejected']
}

/** @throws InputError (BAD_INPUT) when none of the numbers can be called */
export async function readLeads(
  { clock, progress = () => {} }: Pick<AddParts, 'clock' | 'progress'>,
  given: readonly GivenLead[],
  country: Country | null,
): Promise<ReadLeads> {
  const [leads, rejected] = [[] as NewLead[], [] as { number: string; allowed: string }[]]
  await inTurns(clock, given, READ_AT_ONCE, portion => {
    for (const { number, fields = {}, ...lead } of portion) {
      try {
        leads.push({ ...lead, phone: leadNumber(number, country), fields })
      } catch (error) {
        if (!(error instanceof NumberFault)) throw error
        rejected.push({ number, allowed: error.allowed })
      }
    }
    progress({ phase: 'reading', done: leads.length + rejected.length, all: given.length })
  })
  if (leads.length > 0) return { leads, rejected }
  const faults = rejected.slice(0, 10).map(({ number, allowed }) => `'${number}' cannot be used; allowed: ${allowed}`)
  throw new InputError(faults.join('\n'))
}

/**
 * Adds the leads to the campaign that `into` returns, in one transaction with it. Resolves with null, and adds nobody,
 * when it returns none.
 */
export async function addRead(
  { sql, progress = () => {} }: Pick<AddParts, 'sql' | 'progress'>,
  { leads, rejected }: ReadLeads,
  into: (tx: Transaction) => Promise<Pick<Campaign, 'id' | 'order'> | null>,
  now: number,
): Promise<AddedLeads | null> {
  const added = await sql.begin(
    async tx => {
      const campaign = await into(tx)
      if (campaign === null) return null
      if (leads.length === 0) return { added: 0, optedOut: 0 }
      await stageLeads(tx, leads)
      const shuffled = campaign.order === 'random'
      const told = (done: number, all: number) => progress({ phase: 'adding', done, all })
      return addStaged(tx, campaign.id, now, { shuffled, progress: told })
    },
    { alone: leads.length > FEW },
  )
  return added && { ...added, duplicates: leads.length - added.added - added.optedOut, rejected }
}

/** @throws InputError (BAD_INPUT) when none of the numbers can be called; then nothing has changed */
export async function addLeads(
  parts: AddParts,
  campaign: Campaign,
  given: readonly GivenLead[],
  now: number,
): Promise<AddedLeads> {
  const read = await readLeads(parts, given, campaign.country ?? parts.country ?? null)
  const added = await addRead(parts, read, async () => campaign, now)
  await parts.wakeup.ring({ what: 'campaign', name: campaign.name })
  return added!
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
