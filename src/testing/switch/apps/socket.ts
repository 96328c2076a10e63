/**
 * The `socket` application: connects the leg to the first listener of the list that accepts, then parks
 * (socket_function).
 */
import { integer } from '../encoding.ts'
import { Listener } from '../listener.ts'
import { park, parseCommands } from '../park.ts'
import { words } from '../separate.ts'
import type { Application } from './application.ts'

/** Port of a host that names none. A named port also applies to the hosts after it in the list. */
const DEFAULT_PORT = 8084

export const socket: Application = async (channel, data) => {
  const [hosts = '', ...modes] = words(data, 80)
  if (!modes.some(mode => /^async$/i.test(mode))) channel.sim.unknown.push('socket without async')
  const full = modes.some(mode => /^full$/i.test(mode))
  let port = DEFAULT_PORT
  let listener: Listener | undefined
  for (const entry of hosts.split('|')) {
    const [, host = '', named, path] = /^(.*?)(?::(\d+))?(?:\/(.*))?$/.exec(entry)!
    if (named !== undefined) port = integer(named)
    if (path !== undefined) channel.variables.set('socket_path', path)
    channel.variables.set('socket_host', host)
    const wire = await channel.sim.network.connect(host, port)
    if (!wire) continue
    listener = new Listener(channel.sim, wire, `${host}:${port}`, channel, full)
    break
  }
  if (!listener) return
  while (channel.ready && !listener.finished && !listener.connected) await channel.pulse.rest(Infinity)
  await park(channel)
  await parseCommands(channel)
  const resumes = listener.resume || channel.variables.isTrue('socket_resume')
  if (resumes && channel.state !== 'CS_HIBERNATE' && !channel.redirect && !channel.transfer && !channel.reset)
    channel.setState('CS_EXECUTE')
}
