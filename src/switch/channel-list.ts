/** What a switch says of its channels, out of a database that lags behind it: a picture to find differences in, not to decide upon. */
import { uuid as parseUuid, type Uuid } from '../esl/safe-text.ts'

export interface Channel {
  readonly uuid: Uuid
  /** CS_EXECUTE, CS_RESET, …; stays as it was when the leg dies. */
  readonly state: string
  /** RINGING, EARLY, ACTIVE, HELD, … */
  readonly callState: string
  /** The last application that began on it, and its argument; for `uuid_bridge` the uuid of the other leg. May be over. */
  readonly application: string
  readonly argument: string
  readonly direction: string
  readonly context: string
  /** Where it was sent last. */
  readonly extension: string
  /** Milliseconds since the epoch, by the switch's clock, to the second. */
  readonly createdAt: number
}

export type ChannelList = ReadonlyMap<Uuid, Channel>

/** Reads `show channels as json`. Legs that others have given a name which is no uuid are left out. Throws SyntaxError. */
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
    })
  }
  return channels
}

/** Each says that it talks with the other, and the second leg is where second legs are: the words alone stay when a talk is over. */
export function talks(channel: Channel, channels: ChannelList): boolean {
  const other = channels.get(channel.argument as Uuid)
  if (other?.argument !== channel.uuid || channel.application !== 'uuid_bridge' || other.application !== 'uuid_bridge')
    return false
  return channel.state === 'CS_EXCHANGE_MEDIA' || other.state === 'CS_EXCHANGE_MEDIA'
}

/** Null when it cannot be a leg of ours. */
export function uuidOf(name: string): Uuid | null {
  try {
    return parseUuid(name)
  } catch {
    return null
  }
}
