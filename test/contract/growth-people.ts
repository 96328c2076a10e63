/** The queries of people who log in, for growth.test.ts. */
import * as people from '../../src/store/people.ts'
import type { Sql } from '../../src/store/sql.ts'
import { NOW } from './large-tables.ts'

const id = Buffer.alloc(32)

export const PEOPLE_QUERIES: Readonly<Record<string, (sql: Sql) => Promise<unknown>>> = {
  addPerson: sql =>
    people.addPerson(sql, {
      ...{ name: 'ann', role: 'reader', seesNumbers: false, agent: null, createdBy: 'bob', password: 'x', now: NOW },
    }),
  personNamed: sql => people.personNamed(sql, 'ann'),
  personWithPassword: sql => people.personWithPassword(sql, 'ann'),
  addSession: sql => people.addSession(sql, { id, person: 'ann', begunAt: NOW, endsAt: NOW + 1_000 }),
  personOfSession: sql => people.personOfSession(sql, id, { now: NOW, idleSince: NOW - 1_000 }),
  noteSessionUse: sql => people.noteSessionUse(sql, id, NOW),
  notePasswordFailure: sql => people.notePasswordFailure(sql, 'ann', 10, NOW),
  notePasswordSuccess: sql => people.notePasswordSuccess(sql, 'ann', NOW),
  endSession: sql => people.endSession(sql, id),
}

/** By people only. */
export const PEOPLE_ON_REQUEST = ['people', 'changePerson', 'changePassword', 'removePerson']
