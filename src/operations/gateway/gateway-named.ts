/** The gateway that an operation names, its settings as input, and its form in answers. */
import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { described, numberThat, parsed, whole } from '../../base/parsed.ts'
import { ident } from '../../esl/safe-text.ts'
import { gatewayNamed, gatewayRows, type GatewayRow } from '../../store/gateways.ts'
import type { Sql } from '../../store/sql.ts'

/** A name in FreeSWITCH's configuration. */
export const newGateway = described(parsed(ident), 'the name of the gateway in the sofia profile of FreeSWITCH')

export const linesField = described(whole(1, 10_000), 'calls at one time, of all campaigns and flows together', '<n>')
export const cpsField = described(
  numberThat('0.01 to 1000 calls per second', value => value >= 0.01 && value <= 1_000),
  'calls started per second',
  '<n>',
)
export const enabledField = described(z.enum(['yes', 'no']), 'no: no call goes over it', '<yes|no>')

export const gatewayShape = z.object({
  name: z.string(),
  lines: z.number(),
  cps: z.number(),
  enabled: z.boolean(),
})

/** What an audit row shows of a gateway; null without one. */
export const gatewayBefore = ({ sql }: { readonly sql: Sql }, { name }: { readonly name: string }) =>
  gatewayNamed(sql, name)

/** Rejects with NotFoundError, with the names that exist. */
export async function findGateway(sql: Sql, name: string): Promise<GatewayRow> {
  const found = await gatewayNamed(sql, name)
  if (found) return found
  const known = await gatewayRows(sql)
  throw new NotFoundError(
    'gateway',
    name,
    known.map(one => one.name),
  )
}
