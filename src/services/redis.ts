/** The private Redis of a machine that has none running: over a unix socket only, kept between runs in DATA_DIR/redis. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SwitchhookError } from '../base/errors.ts'
import { openRedisClient, redisVersion } from '../store/redis.ts'
import { socketFolder } from './folder.ts'
import { readyOrEnded, run, startGuarded, type Guard } from './guard.ts'
import type { StartOptions } from './postgres.ts'
import { unpackedRedis, type RedisProgram } from './redis-packages.ts'
import type { ServiceRegistry } from './service-registry.ts'

export type RunningRedis = NonNullable<ServiceRegistry['redis']>

export interface RedisStartOptions extends StartOptions {
  say(line: string): void
  /** Programs to look for on the PATH. */
  programs?: readonly string[]
}

interface StartedRedis {
  running: RunningRedis
  guard: Guard
  /** For people: where the program came from. */
  from: string
}

const WHAT_TO_DO = 'install redis (apt install redis-server, brew install redis, dnf install valkey), or set REDIS_URL'

export const redisPipe = (dataDir: string): string => join(dataDir, 'run', 'redis.hold')

/** True when the server that the roll tells of answers. */
export async function redisAnswers({ address }: RunningRedis): Promise<boolean> {
  return redisVersion(address, 2_000).then(
    () => true,
    () => false,
  )
}

/**
 * Starts it, for the first time or again. Throws SwitchhookError SERVICE that says what to install when there is no Redis to be had,
 * or with the end of the server's log. `before`: what the roll tells of the last one.
 */
export async function startRedis(options: RedisStartOptions, before?: RunningRedis): Promise<StartedRedis> {
  const { dataDir, cacheDir, clock, throwaway } = options
  const program = await findRedis(options)
  if (!program) throw new SwitchhookError('SERVICE', `queues need Redis and there is none: ${WHAT_TO_DO}`)
  if (before && (await redisAnswers(before))) await endOrphan(before)

  const data = join(dataDir, 'redis')
  await mkdir(data, { recursive: true, mode: 0o700 })
  const { path, temporary } = await socketFolder({ dataDir, cacheDir }, 'redis.sock')
  const socket = join(path, 'redis.sock')
  const logFile = join(dataDir, 'redis.log')
  const guard = await startGuarded({
    pipe: redisPipe(dataDir),
    command: [
      ...program.command,
      ...['--port', '0', '--unixsocket', socket, '--unixsocketperm', '700', '--dir', data, '--daemonize', 'no'],
      // Appended and synced each second: a crash of the machine costs a second of queue events, a crash of Redis nothing.
      ...[
        '--save',
        '',
        '--appendonly',
        throwaway ? 'no' : 'yes',
        '--appendfsync',
        'everysec',
        '--maxmemory-policy',
        'noeviction',
      ],
      ...['--databases', throwaway ? '1024' : '16'],
    ],
    cwd: data,
    environment: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    logFile,
    ...(temporary && { removeAfter: path }),
  })
  const address = { socket }
  await readyOrEnded('Redis', { clock, guard, logFile }, () =>
    redisVersion(address).then(
      () => true,
      () => false,
    ),
  )
  return { running: { address, version: await redisVersion(address), group: guard.group }, guard, from: program.from }
}

/** Its guard was killed and it was not. Two servers on one append-only file would ruin it. The answer to SHUTDOWN is a closed link. */
async function endOrphan(orphan: RunningRedis): Promise<void> {
  try {
    const client = await openRedisClient(orphan.address, { name: 'switchhook-starter' })
    await client.shutdown().finally(() => client.disconnect())
  } catch (error) {
    if (await redisAnswers(orphan)) throw error
  }
}

/** The program of a Redis: on the PATH, else unpacked into the cache. Null when there is none to be had; `say` tells why. */
export async function findRedis({
  cacheDir,
  say,
  programs = ['redis-server', 'valkey-server'],
}: Pick<RedisStartOptions, 'cacheDir' | 'say' | 'programs'>): Promise<RedisProgram | null> {
  return (await onPath(programs)) ?? (await unpackedRedis(cacheDir, say))
}

async function onPath(programs: readonly string[]): Promise<RedisProgram | null> {
  for (const program of programs) {
    const found = await run('/bin/sh', ['-c', 'command -v "$1"', 'sh', program]).then(
      ({ stdout }) => stdout.trim(),
      () => '',
    )
    if (found.startsWith('/')) return { command: [found], from: found }
  }
  return null
}
