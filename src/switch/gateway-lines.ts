/**
 * A line of a gateway is a carrier's: it is shared by all that dial, on all nodes. Campaigns are granted theirs before
 * a lead is claimed (campaign/dial-capacity.ts). Everything else that dials an endpoint takes one here, before the
 * command.
 */
import { gatewayOf, type Endpoint, type Uuid } from '../esl/safe-text.ts'
import type { SwitchEvent } from '../esl/event.ts'
import type { Life } from './queries.ts'

/** A line in use. It is free again when the leg has ended. */
export interface GatewayLine {
  /** There is no such leg, or it was not answered. A second call does nothing. */
  over(): void
}

/** The FreeSWITCH that dials, as far as a line needs it. */
export interface DialsAt {
  watch(leg: Uuid, hear: (event: SwitchEvent) => void, gone: () => void): Disposable
  lives(leg: Uuid): Promise<Life>
}

/** Its rules are in campaign/gateway-lines.ts. */
export interface GatewayLines {
  /**
   * Waits up to 5 s for the calls per second of the gateway. Null: it is switched off, or has no free line. Never
   * rejects: while the limits cannot be read, calls go on.
   */
  take(at: DialsAt, gateway: string, leg: Uuid): Promise<GatewayLine | null>
}

/** The cause of a dial for which the gateway had no line. */
export const NO_LINE = 'GATEWAY_FULL'

export const UNLIMITED: GatewayLine = { over() {} }

/** A line for this leg; null: its gateway has none. An endpoint that is no gateway's needs none. */
export async function lineFor(
  { lines }: { readonly lines: GatewayLines | null },
  at: DialsAt,
  to: Endpoint,
  leg: Uuid,
): Promise<GatewayLine | null> {
  const gateway = gatewayOf(to)
  return gateway === null || !lines ? UNLIMITED : lines.take(at, gateway, leg)
}
