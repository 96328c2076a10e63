/** Queries of the table `gateways`: the lines and calls per second of a carrier. Rules: campaign/gateways.ts. */
import type { Queries } from './sql.ts'

export interface GatewayRow {
  /** As in the sofia profile of FreeSWITCH. */
  readonly name: string
  /** Calls at one time. */
  readonly lines: number
  /** Calls started per second. */
  readonly cps: number
  /** False: no call goes over it. */
  readonly enabled: boolean
}

export async function gatewayRows(sql: Queries): Promise<GatewayRow[]> {
  return [...(await sql<GatewayRow[]>`select name, lines, cps, enabled from gateways order by name`)]
}

export async function gatewayNamed(sql: Queries, name: string): Promise<GatewayRow | null> {
  const [row] = await sql<GatewayRow[]>`select name, lines, cps, enabled from gateways where name = ${name}`
  return row ?? null
}

/** Adds a gateway, or changes the one of that name. */
export async function saveGateway(sql: Queries, { name, lines, cps, enabled }: GatewayRow, now: number): Promise<void> {
  const at = new Date(now)
  await sql`
    insert into gateways (name, lines, cps, enabled, created_at, updated_at) values (${name}, ${lines}, ${cps}, ${enabled}, ${at}, ${at})
    on conflict (name) do update set lines = excluded.lines, cps = excluded.cps, enabled = excluded.enabled, updated_at = excluded.updated_at`
}

/** False when there is no such gateway. */
export async function deleteGateway(sql: Queries, name: string): Promise<boolean> {
  return (await sql`delete from gateways where name = ${name} returning 1`).length > 0
}

/** The names of the campaigns that name this gateway, in order. */
export async function campaignsOver(sql: Queries, gateway: string): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select name from campaigns where gateways @> ${sql.json([{ name: gateway }])} order by name`
  return rows.map(({ name }) => name)
}

/** How an attempt calls its lead. Written before the command to FreeSWITCH. */
export interface AttemptRoute {
  readonly gateway: string
  /** The number that the lead sees; null: the one of the gateway. */
  readonly callerId: string | null
}

export async function routeAttempt(sql: Queries, id: string, { gateway, callerId }: AttemptRoute): Promise<void> {
  await sql`update attempts set gateway = ${gateway}, caller_id = ${callerId} where id = ${id} and state = 'intended'`
}

export interface LeadSoFar {
  /** Attempts that count. */
  readonly attempts: number
  /** Gateways that refused this lead since then. */
  readonly refused: readonly string[]
}

/** What earlier attempts to reach this lead have shown. `since` (ms since the epoch): earlier refusals do not count. */
export async function leadSoFar(sql: Queries, lead: number, since: number): Promise<LeadSoFar> {
  const [row] = await sql<[LeadSoFar]>`
    select l.attempts, array(
      select distinct a.gateway from attempts a where a.lead_id = l.id and a.state = 'ended' and a.disposition is null
        and a.gateway is not null and a.cause <> 'NOT_SENT' and a.ended_at >= ${new Date(since)}) as refused
    from leads l where l.id = ${lead}`
  return row ?? { attempts: 0, refused: [] }
}

/** Why no gateway of a campaign takes more calls, in words; null: one does. `at`: ms since the epoch. */
export interface GatewayWhy {
  readonly words: string
  readonly at: number
}

export async function writeGatewayWhy(sql: Queries, campaign: string, why: GatewayWhy | null): Promise<void> {
  const value = why === null ? null : sql.json({ words: why.words, at: why.at })
  await sql`update campaigns set gateway_why = ${value} where id = ${campaign}`
}
