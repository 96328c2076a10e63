/** What the switch says of itself every twenty seconds. */
import type { Header } from './event.ts'
import type { SimulatedSwitch } from './simulated-switch.ts'

const VERSION = '1.10.12-release+git~20240802T210227Z~a88d069d6f~64bit'

export function heartbeat(sim: SimulatedSwitch): Header[] {
  return [
    ['Event-Info', 'System Ready'],
    ['FreeSWITCH-Version', VERSION],
    ['Uptime-msec', String(sim.clock.now() - sim.startedAt)],
    ['Session-Count', String(sim.channels.size)],
    ['Max-Sessions', '5000'],
    ['Session-Per-Sec', '1000'],
    ['Session-Since-Startup', String(sim.sessionCount)],
    ['Idle-CPU', '99.000000'],
  ]
}
