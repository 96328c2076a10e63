/** Queries of the tables `people` and `sessions`: who logs in to the desk. Used by the desk and by operations. */
import type { Queries } from './sql.ts'

export interface PersonRow {
  readonly name: string
  readonly role: string
  /** Telephone numbers are not masked. */
  readonly seesNumbers: boolean
  /** The agent who this person is; null: none. */
  readonly agent: string | null
  /** Somebody else knows the password. */
  readonly mustChange: boolean
  /** After too many wrong passwords; null: not locked. */
  readonly lockedUntil: Date | null
  readonly createdAt: Date
  readonly createdBy: string
  readonly lastLogin: Date | null
}

const columns = (sql: Queries) =>
  sql`p.name, p.role, p.sees_numbers as "seesNumbers", p.agent, p.must_change as "mustChange", p.locked_until as "lockedUntil",
    p.created_at as "createdAt", p.created_by as "createdBy", p.last_login as "lastLogin"`

export interface NewPerson extends Pick<PersonRow, 'name' | 'role' | 'seesNumbers' | 'agent' | 'createdBy'> {
  readonly password: string
  readonly now: number
}

/** False when there is somebody of this name. */
export async function addPerson(sql: Queries, person: NewPerson): Promise<boolean> {
  const { name, role, seesNumbers, agent, password, createdBy, now } = person
  const rows = await sql`
    insert into people (name, role, sees_numbers, agent, password, must_change, created_at, created_by)
    values (${name}, ${role}, ${seesNumbers}, ${agent}, ${password}, true, ${new Date(now)}, ${createdBy})
    on conflict (name) do nothing returning name`
  return rows.length > 0
}

/** In the order of their names. */
export const people = (sql: Queries): Promise<PersonRow[]> =>
  sql<PersonRow[]>`select ${columns(sql)} from people p order by p.name`

export async function personNamed(sql: Queries, name: string): Promise<PersonRow | null> {
  const [row] = await sql<PersonRow[]>`select ${columns(sql)} from people p where p.name = ${name}`
  return row ?? null
}

/** With the password as it is stored, to check one. */
export async function personWithPassword(
  sql: Queries,
  name: string,
): Promise<(PersonRow & { readonly password: string }) | null> {
  const [row] = await sql<
    (PersonRow & { readonly password: string })[]
  >`select ${columns(sql)}, p.password from people p where p.name = ${name}`
  return row ?? null
}

/** What is not given stays. `agent`: null: none. False: there is nobody of this name. */
export async function changePerson(
  sql: Queries,
  name: string,
  {
    role,
    seesNumbers,
    agent,
  }: {
    readonly role?: string | undefined
    readonly seesNumbers?: boolean | undefined
    readonly agent?: string | null | undefined
  },
): Promise<boolean> {
  const rows = await sql`
    update people set role = coalesce(${role ?? null}, role), sees_numbers = coalesce(${seesNumbers ?? null}::boolean, sees_numbers),
      agent = case when ${agent === undefined} then agent else ${agent ?? null} end
    where name = ${name} returning name`
  return rows.length > 0
}

/** Ends every session of this person. `mustChange`: somebody else knows the new password. */
export async function changePassword(
  sql: Queries,
  name: string,
  password: string,
  mustChange: boolean,
): Promise<boolean> {
  const rows = await sql`
    with changed as (update people set password = ${password}, must_change = ${mustChange}, failures = 0, locked_until = null
      where name = ${name} returning name),
    over as (delete from sessions where person in (select name from changed))
    select name from changed`
  return rows.length > 0
}

export async function removePerson(sql: Queries, name: string): Promise<boolean> {
  const rows = await sql`delete from people where name = ${name} returning name`
  return rows.length > 0
}

/** A wrong password. From `most` on, one after the other, the person is locked until then. */
export async function notePasswordFailure(sql: Queries, name: string, most: number, until: number): Promise<void> {
  await sql`
    update people set failures = case when failures + 1 >= ${most} then 0 else failures + 1 end,
      locked_until = case when failures + 1 >= ${most} then ${new Date(until)} else locked_until end where name = ${name}`
}

export async function notePasswordSuccess(sql: Queries, name: string, now: number): Promise<void> {
  await sql`update people set failures = 0, locked_until = null, last_login = ${new Date(now)} where name = ${name}`
}

export interface SessionRow {
  readonly id: Buffer
  readonly person: string
  readonly begunAt: number
  readonly endsAt: number
}

/** Sessions that are over are deleted on the way. */
export async function addSession(sql: Queries, { id, person, begunAt, endsAt }: SessionRow): Promise<void> {
  await sql`
    with old as (delete from sessions where id = any (array(select id from sessions where ends_at < ${new Date(begunAt)} order by ends_at limit 100)))
    insert into sessions (id, person, begun_at, seen_at, ends_at)
    values (${id}, ${person}, ${new Date(begunAt)}, ${new Date(begunAt)}, ${new Date(endsAt)})`
}

/** The person of a session that was used since `idleSince` and has not ended; null: there is none. */
export async function personOfSession(
  sql: Queries,
  id: Buffer,
  { now, idleSince }: { readonly now: number; readonly idleSince: number },
): Promise<PersonRow | null> {
  const [row] = await sql<PersonRow[]>`
    select ${columns(sql)} from sessions s join people p on p.name = s.person
    where s.id = ${id} and s.ends_at > ${new Date(now)} and s.seen_at > ${new Date(idleSince)}`
  return row ?? null
}

export async function noteSessionUse(sql: Queries, id: Buffer, now: number): Promise<void> {
  await sql`update sessions set seen_at = ${new Date(now)} where id = ${id}`
}

export async function endSession(sql: Queries, id: Buffer): Promise<void> {
  await sql`delete from sessions where id = ${id}`
}
