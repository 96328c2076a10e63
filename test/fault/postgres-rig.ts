/** A rig whose nodes reach PostgreSQL through a proxy, and the final rows of calls and leads. */
import type { TestContext } from 'node:test'
import type { Told } from './matrix.ts'
import { openProxy, type Proxy } from './proxy.ts'
import { Rig, until, type RigOptions } from './rig.ts'

export interface PostgresRig {
  readonly rig: Rig
  readonly proxy: Proxy
  /** For `rig.start`. */
  readonly settings: { readonly DATABASE_URL: string }
}

export async function behindProxy(t: TestContext, told: Told, options: RigOptions): Promise<PostgresRig> {
  const rig = await Rig.open(t, told, options)
  const direct = new URL((await rig.settings())['DATABASE_URL']!)
  const proxy = await openProxy(t, { path: `${direct.searchParams.get('host')!}/.s.PGSQL.5432` })
  return {
    rig,
    proxy,
    settings: { DATABASE_URL: `postgres://${direct.username}@127.0.0.1:${proxy.port}${direct.pathname}` },
  }
}

export interface Written {
  /** Rows that are closed. */
  readonly closed: number
  /** The number of these of which it was not known how they ended. */
  readonly lost: number
  readonly open: number
}

/** The rows of the table of calls, once this many are closed or the time is over. */
export async function written({ sql }: Rig, calls: number, withinMs: number): Promise<Written> {
  const read = async () => {
    const [row] = await sql<[Written]>`
      select count(*) filter (where ended_at is not null) as closed, count(*) filter (where outcome = 'lost') as lost,
        count(*) filter (where ended_at is null) as open from calls`
    return row
  }
  // the row reports it
  await until(`${calls} calls are written down`, async () => (await read()).closed >= calls, withinMs).catch(() => {})
  return read()
}

/**
 * Rows a second in which the waiting rows were written, of all these nodes, from their logs; null when they never were.
 */
export function catchUp(rig: Rig, names: readonly string[]): number | null {
  const lines = names
    .flatMap(name => rig.node(name).log)
    .filter(line => line.includes('call records that waited for PostgreSQL were written'))
  const told = lines
    .map(line => JSON.parse(line.slice(line.indexOf('{'))) as { written: number; ms: number })
    .filter(({ written: rows }) => rows >= 50)
  return told.length === 0
    ? null
    : Math.round(told.reduce((sum, { written: rows, ms }) => sum + (1_000 * rows) / Math.max(1, ms), 0))
}

/** Figures of campaigns that differ from the counted values. */
export async function wrongFigures({ sql }: Rig): Promise<number> {
  const [row] = await sql<[{ n: number }]>`
    with kept as (select campaign_id, what, sum(n) as n from campaign_figures group by 1, 2 having sum(n) <> 0),
      counted as (
        select campaign_id, 'lead ' || state as what, count(*) as n from leads group by 1, 2
        union all select campaign_id, attempt_figure(state, disposition, answered_at), count(*) from attempts group by 1, 2)
    select count(*) as n from kept full join counted using (campaign_id, what) where kept.n is distinct from counted.n`
  return row.n
}
