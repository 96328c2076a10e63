/**
 * The channels that one FreeSWITCH lists (`show channels`). The list comes from a database that lags behind FreeSWITCH:
 * reconciliation uses it to find differences and decides nothing by it alone.
 */
import { uuid as parseUuid, type Uuid } from '../esl/safe-text.ts'

export interface Channel {
  readonly uuid: Uuid
  /** CS_EXECUTE, CS_RESET, …; keeps its last value when the leg ends. */
  readonly state: string
  /** RINGING, EARLY, ACTIVE, HELD, … */
  readonly callState: string
  /**
   * The application that started last, and its argument; for `uuid_bridge` the uuid of the other leg. It may have
   * ended.
   */
  readonly application: string
  readonly argument: string
  readonly direction: string
  readonly context: string
  /** The extension of its last transfer or routing. */
  readonly extension: string
  /** Milliseconds since the epoch, by FreeSWITCH's clock, with a resolution of one second. */
  readonly createdAt: number
  /** 'sofia/internal/1001@10.0.0.5:5060' */
  readonly name: string
  /** '1001@example.com', for a telephone of a user of FreeSWITCH; '' for others. */
  readonly presence: string
}

export type ChannelList = ReadonlyMap<Uuid, Channel>

/** Parses `show channels as json`. Skips channels whose name is not a uuid: others created them. Throws SyntaxError. */
export function readChannelList(json: string): ChannelList {
  const { rows = [] } = JSON.parse(json) as { rows?: readonly Record<string, unknown>[] }
  const channels = new Map<Uuid, Channel>()
  for (const row of rows) {
    const columns = new Map(Object.entries(row))
    const at = (name: string) => String(columns.get(name) ?? '')
    const uuid = uuidOf(at('uuid'))
    if (uuid === null) continue
    channels.set(uuid, {
      uuid,
      state: at('state'),
      callState: at('callstate'),
      application: at('application'),
      argument: at('application_data'),
      direction: at('direction'),
      context: at('context'),
      extension: at('dest'),
      createdAt: Number(at('created_epoch')) * 1_000,
      name: at('name'),
      presence: at('presence_id'),
    })
  }
  return channels
}

/**
 * True when the channel is bridged: both legs name each other in `uuid_bridge`, and one of them is in
 * CS_EXCHANGE_MEDIA. The application and its argument alone prove nothing: they stay in the list after the bridge has
 * ended.
 */
export function talks(channel: Channel, channels: ChannelList): boolean {
  const other = channels.get(channel.argument as Uuid)
  if (other?.argument !== channel.uuid || channel.application !== 'uuid_bridge' || other.application !== 'uuid_bridge')
    return false
  return channel.state === 'CS_EXCHANGE_MEDIA' || other.state === 'CS_EXCHANGE_MEDIA'
}

/** Null when the name is not a uuid: then the channel is not a leg of Switchhook. */
export function uuidOf(name: string): Uuid | null {
  try {
    return parseUuid(name)
  } catch {
    return null
  }
}
