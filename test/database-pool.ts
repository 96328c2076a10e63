/**
 * Databases of a test process that are used again. A copy of the template is six hundred files and a third of a second
 * of CPU; to empty a used one takes a tenth of that. A database is renamed before it is emptied, so nothing that a test
 * leaves behind finds it again. One that has grown, or whose tables, functions or settings a test has changed, is
 * dropped instead.
 */
import { openSql, type DatabaseAddress, type Driver, type Json, type Sql } from '../src/store/sql.ts'
import { PATIENCE_MS } from './patience.ts'
import { at, TEMPLATE } from './servers.ts'

/** What a new database holds, beside its tables. */
interface New {
  /** Differs after every change of a table, a function, a trigger or a setting. */
  readonly shape: string
  readonly bytes: number
  readonly tables: readonly { readonly name: string; readonly columns: string; readonly rows: Json }[]
  readonly sequences: readonly { readonly name: string; readonly value: number; readonly called: boolean }[]
}

/** A larger one is slow to empty, and slower to read than a new one. */
const GROWN_BYTES = 2_000_000
const CATALOGS =
  'pg_class pg_attribute pg_attrdef pg_proc pg_trigger pg_constraint pg_index pg_namespace pg_type pg_rewrite'.split(
    ' ',
  )
const SHAPE = `select concat_ws(' ', ${CATALOGS.map(
  one => `(select concat(count(*), '/', max(xmin::text::bigint)) from ${one})`,
).join()}, (select count(*) from pg_db_role_setting join pg_database on pg_database.oid = setdatabase
  where datname = current_database())) as shape, pg_database_size(current_database()) as bytes`
/** In the role of a replica neither triggers nor references act, so the order of the tables does not matter. */
const EMPTY = `do $$ declare one regclass; begin
  set local session_replication_role = replica;
  for one in select oid from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace loop
    execute format('delete from %s', one);
  end loop;
end $$`

const free = new Map<string, string[]>()
let asNew: Promise<New> | undefined

/** The name of a database that is as the template is. Give it back when nobody uses it any more. */
export async function takeDatabase(admin: Sql, server: DatabaseAddress): Promise<string> {
  const known = free.get(JSON.stringify(server))?.pop()
  if (known !== undefined) return known
  const name = newName()
  await admin`create database ${admin(name)} template ${admin(TEMPLATE)}`
  await (asNew ??= onConnection(at(server, name), readNew))
  return name
}

/** Whoever is still connected is cut off. */
export async function giveDatabaseBack(admin: Sql, server: DatabaseAddress, used: string): Promise<void> {
  const name = newName()
  await admin`select pg_terminate_backend(pid, ${PATIENCE_MS}) from pg_stat_activity where datname = ${used}`
  const renamed = await admin`alter database ${admin(used)} rename to ${admin(name)}`.then(
    () => true,
    () => false, // somebody has connected again
  )
  const expected = await asNew!
  if (renamed && (await onConnection(at(server, name), driver => empty(driver, expected)))) {
    const key = JSON.stringify(server)
    free.set(key, [...(free.get(key) ?? []), name])
  } else await admin`drop database ${admin(renamed ? name : used)} with (force)`
}

const newName = (): string => `test_${process.pid}_${process.hrtime.bigint()}`

async function onConnection<T>(address: DatabaseAddress, work: (driver: Driver) => Promise<T>): Promise<T> {
  const sql = openSql(address, { max: 1, limitMs: PATIENCE_MS })
  try {
    return await sql.alone(work)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function readNew(driver: Driver): Promise<New> {
  const columns = await driver<{ name: string; columns: string }[]>`
    select attrelid::regclass::text as name, string_agg(quote_ident(attname), ', ' order by attnum) as columns
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relkind = 'r' and relnamespace = 'public'::regnamespace
      and attnum > 0 and not attisdropped and attgenerated = '' group by attrelid`
  const tables = []
  for (const one of columns) {
    const [found] = await driver.unsafe(`select jsonb_agg(to_jsonb(one)) as rows from ${one.name} one`)
    if (found!['rows'] !== null) tables.push({ ...one, rows: found!['rows'] as Json })
  }
  const sequences = await driver<{ name: string; value: number; called: boolean }[]>`
    select format('%I.%I', schemaname, sequencename) as name, coalesce(last_value, start_value) as value,
      last_value is not null as called from pg_sequences`
  return { ...(await shapeOf(driver)), tables, sequences }
}

async function shapeOf(driver: Driver): Promise<Pick<New, 'shape' | 'bytes'>> {
  const [found] = await driver.unsafe<[{ shape: string; bytes: number }]>(SHAPE)
  return found
}

/** False: this database cannot be made like a new one. */
async function empty(driver: Driver, { shape, bytes, tables, sequences }: New): Promise<boolean> {
  const now = await shapeOf(driver)
  if (now.shape !== shape || now.bytes > bytes + GROWN_BYTES) return false
  await driver.begin(async tx => {
    await tx.unsafe(EMPTY)
    for (const { name, columns, rows } of tables)
      await tx.unsafe(
        `insert into ${name} (${columns}) overriding system value
         select ${columns} from jsonb_populate_recordset(null::${name}, $1)`,
        [tx.json(rows)],
      )
    await tx`select setval(name, value, called)
      from jsonb_to_recordset(${tx.json(sequences as unknown as Json)}) as one (name text, value bigint, called boolean)`
  })
  return true
}
