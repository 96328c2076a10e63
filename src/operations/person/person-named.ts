/** A person who logs in to the desk, as operations show one, and the fields by which one is made. */
import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { described, oneOf } from '../../base/parsed.ts'
import { people, personNamed, type PersonRow } from '../../store/people.ts'
import type { Sql } from '../../store/sql.ts'
import { ROLES } from '../operation.ts'

export const personShape = z.object({
  name: z.string(),
  role: z.string(),
  seesNumbers: z.boolean(),
  agent: z.string().nullable(),
  mustChange: z.boolean(),
  lockedUntil: z.date().nullable(),
  createdAt: z.date(),
  createdBy: z.string(),
  lastLogin: z.date().nullable(),
})

export const personFields = {
  role: described(oneOf(ROLES), `what this person may do: ${ROLES.join(', ')}`, '<role>'),
  seesNumbers: described(z.boolean(), 'telephone numbers are not masked for this person'),
  agent: described(z.string().min(1), 'the agent who this person is', '<agent>'),
}

/** What an audit row shows of a person; null without one. */
export const personBefore = ({ sql }: { readonly sql: Sql }, { name }: { readonly name: string }) =>
  personNamed(sql, name)

/** Rejects with NotFoundError, with the names that exist. */
export async function findPerson(sql: Sql, name: string): Promise<PersonRow> {
  const found = await personNamed(sql, name)
  if (found) return found
  throw new NotFoundError(
    'person',
    name,
    (await people(sql)).map(one => one.name),
  )
}
