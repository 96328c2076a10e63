/**
 * The private Redis, for an installation without REDIS_URL: reached over a unix socket only, its data kept between runs
 * in DATA_DIR/redis. Used by services/open.ts.
 */
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
  /** Origin of the program, for display. */
  from: string
}

const WHAT_TO_DO = 'install redis (apt install redis-server, brew install redis, dnf install valkey), or set REDIS_URL'

export const redisPipe = (dataDir: string): string => join(dataDir, 'run', 'redis.hold')

/** True when the server in the registry answers. */
export async function redisAnswers({ address }: RunningRedis): Promise<boolean> {
  return redisVersion(address, 2_000).then(
    () => true,
    () => false,
  )
}

/**
 * Starts the server, for the first time or again. Rejects with SwitchhookError SERVICE: what to install when no Redis
 * is available, or the end of the server's log. `before`: the last server in the registry.
 */
export async function startRedis(options: RedisStartOptions, before?: RunningRedis): Promise<StartedRedis> {
  const { dataDir, cacheDir, clock, throwaway } = options
  const program = await findRedis(options)
  if (!program) throw new SwitchhookError('SERVICE', `queues need Redis, and none was found: ${WHAT_TO_DO}`)
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
      // synced each second: a crash of the machine loses one second of queue events, a crash of Redis nothing
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

/**
 * Stops a server whose guard was killed: two servers would destroy their append-only file. Redis answers SHUTDOWN by
 * closing the link, so a rejection counts only if it still answers.
 */
async function endOrphan(orphan: RunningRedis): Promise<void> {
  try {
    const client = await openRedisClient(orphan.address, { name: 'switchhook-starter' })
    await client.shutdown().finally(() => client.disconnect())
  } catch (error) {
    if (await redisAnswers(orphan)) throw error
  }
}

/**
 * Finds a Redis program: on the PATH, else unpacked into the cache. Null when none is available; `say` gets the reason.
 */
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
