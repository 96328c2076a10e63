/** Broadcasts: applications that a leg runs beside what it does (switch_ivr_broadcast). */
import type { Channel } from './channel.ts'

/** Queues a playback, or any application as `app::arg`; `app!cause::arg` also queues a hangup after it. */
export function broadcast(channel: Channel, path: string, options: { loops: boolean }): void {
  const [, named, argument = path] = /^([^:]+)::([^]*)$/.exec(path) ?? []
  const [application = 'playback', cause] = (named ?? 'playback').split('!')
  const headers = new Map([
    ['call-command', 'execute'],
    ['execute-app-name', application],
    ['execute-app-arg', argument],
    ['event-lock', 'true'],
    ['lead-frames', '5'],
  ])
  if (options.loops) headers.set('loops', '-1')
  channel.queueCommand({ headers, body: '' })
  if (cause === undefined) return
  const hangUp = new Map([
    ['call-command', 'execute'],
    ['execute-app-name', 'hangup'],
    ['execute-app-arg', cause || 'normal_clearing'],
    ['event-lock', 'true'],
  ])
  channel.queueCommand({ headers: hangUp, body: '' })
}
