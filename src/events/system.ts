/** What happens to the parts of the installation. Each node tells it about its own connections. */
import { event } from './event.ts'
import { core, freeswitch } from './fields.ts'

export const systemEvents = {
  'system.switch.connected': event({
    version: 1,
    what: 'a FreeSWITCH was connected: its events arrive',
    toldBy: 'node',
    level: 'debug',
    data: { switch: freeswitch, core },
  }),
  'system.switch.disconnected': event({
    version: 1,
    what: 'the connection to a FreeSWITCH was lost',
    toldBy: 'node',
    level: 'debug',
    data: { switch: freeswitch },
  }),
}
