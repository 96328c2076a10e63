/**
 * The private PostgreSQL of a machine that has none: reached over a unix socket only, kept between runs in DATA_DIR/pg.
 * PostgreSQL refuses to run as root; then it runs as the owner of its data, or as nobody.
 */
import { chown, mkdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import { ensureDatabase } from '../store/make-database.ts'
import { databaseVersion } from '../store/sql.ts'
import { socketFolder, type Places, type User } from './folder.ts'
import { isAlive, readyOrEnded, run, signal, startGuarded, until, type Guard } from './guard.ts'
import { postgresFiles, type PostgresFiles } from './postgres-files.ts'
import { admitOnly, NOBODY } from './postgres-access.ts'
import type { ServiceRegistry, Running } from './service-registry.ts'

export type RunningPostgres = NonNullable<ServiceRegistry['postgres']>

const NAME = 'switchhook'
/** Nothing of our environment: PGDATA, PGPORT and their kin must not reach a server that is ours. */
const ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/bin:/bin' }
/** For data that is thrown away: a power cut may have it. */
const UNSAFE = ['-F', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off']

export interface StartOptions extends Places {
  clock: Clock
  throwaway: boolean
}

export const postgresPipe = (dataDir: string): string => join(dataDir, 'run', 'pg.hold')

/** True when the server that the roll tells of answers. */
export async function postgresAnswers({ address }: Running<RunningPostgres['address']>): Promise<boolean> {
  return databaseVersion({ ...address, database: 'postgres' }, 2_000).then(
    () => true,
    () => false,
  )
}

/** Starts it, for the first time or again, and makes the database. Throws SwitchhookError SERVICE with the end of the server's log. */
export async function startPostgres(options: StartOptions): Promise<{ running: RunningPostgres; guard: Guard }> {
  const { dataDir, cacheDir, clock, throwaway } = options
  const data = join(dataDir, 'pg')
  const user = await serverUser(data)
  const files = await postgresFiles({ cacheDir }, user !== undefined)
  if ((await initialised(data)) === null) await initialise(data, files, user)
  await checkVersion(data, files.version)
  await endOrphan(data, clock)
  await admitOnly(data, NAME, user) // also in data that an earlier version made, open to all who reach the socket

  const socket = await socketFolder({ dataDir, cacheDir }, '.s.PGSQL.5432', user)
  const logFile = join(dataDir, 'pg.log')
  const before = await pidFile(data)
  const guard = await startGuarded({
    pipe: postgresPipe(dataDir),
    command: [
      files.postgres,
      ...['-D', dataArgument(data, user), '-k', socket.path, '-p', '5432'],
      ...[
        '-c',
        'listen_addresses=',
        '-c',
        'unix_socket_permissions=0700',
        '-c',
        'timezone=UTC',
        '-c',
        'log_timezone=UTC',
      ],
      ...(throwaway ? UNSAFE : []),
    ],
    cwd: data,
    environment: ENVIRONMENT,
    logFile,
    ...(socket.temporary && { removeAfter: socket.path }),
    ...(user && { user }),
  })
  await readyOrEnded('PostgreSQL', { clock, guard, logFile }, () => saysReady(data, before))
  const address = { socketFolder: socket.path, user: NAME, database: NAME }
  await ensureDatabase({ ...address, database: 'postgres' }, NAME)
  return { running: { address, version: files.version, group: guard.group }, guard }
}

/** Undefined when the server may run as we do. */
async function serverUser(data: string): Promise<User | undefined> {
  const me = process.getuid?.()
  const owner = await stat(data).then(
    ({ uid, gid }) => ({ uid, gid }),
    () => null,
  )
  if (me !== 0) {
    if (owner === null || owner.uid === me) return undefined
    throw new SwitchhookError(
      'SERVICE',
      `${data} belongs to user ${owner.uid}, not to us (${me}): run as that user, or set DATA_DIR`,
    )
  }
  if (process.platform === 'darwin') {
    throw new SwitchhookError(
      'SERVICE',
      'the private PostgreSQL cannot run as root on macOS: run as another user, or set DATABASE_URL',
    )
  }
  return owner && owner.uid !== 0 ? owner : NOBODY
}

/** Its own working directory: a user who may not walk through /root can still use a folder below it that was opened for him. */
const dataArgument = (data: string, user: User | undefined): string => (user ? '/proc/self/cwd' : data)

/** In a folder beside, renamed when it is complete: a start that is killed leaves no half database. */
async function initialise(data: string, { initdb }: PostgresFiles, user: User | undefined): Promise<void> {
  const half = `${data}.new`
  await rm(half, { recursive: true, force: true })
  await mkdir(half, { recursive: true, mode: 0o700 })
  if (user) await chown(half, user.uid, user.gid)
  const words = ['-A', 'peer', '-U', NAME, '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions']
  try {
    await run(initdb, ['-D', dataArgument(half, user), ...words], { cwd: half, env: ENVIRONMENT, ...user })
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    const why = stderr.trim() || message
    throw new SwitchhookError('SERVICE', `the private PostgreSQL cannot make its data folder: ${why}`, { cause: error })
  }
  await rename(half, data)
}

/** The major version that made the data; null when there is none. */
async function initialised(data: string): Promise<string | null> {
  return readFile(join(data, 'PG_VERSION'), 'utf8').then(
    text => text.trim(),
    () => null,
  )
}

async function checkVersion(data: string, version: string): Promise<void> {
  const made = await initialised(data)
  if (made === version.split('.')[0]) return
  const what = `${data} was made by PostgreSQL ${made}, this is ${version}`
  throw new SwitchhookError('SERVICE', `${what}: take the data out with that version, or remove the folder`)
}

/**
 * PostgreSQL writes 'ready' into the eighth line of its pid file; its socket is there earlier and answers "starting up".
 * A server that was killed leaves its file, which says 'ready' too: `before`.
 */
async function saysReady(data: string, before: string): Promise<boolean> {
  const now = await pidFile(data)
  return now !== before && now.split('\n')[7]?.trim() === 'ready'
}

async function pidFile(data: string): Promise<string> {
  return readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
}

/**
 * Nobody guards the data, but its pid file names a process that lives. Either the guard was killed and PostgreSQL was not: it is
 * stopped. Or the number belongs to somebody else by now (a container started again): PostgreSQL would refuse, so the file goes.
 */
async function endOrphan(data: string, clock: Clock): Promise<void> {
  const pid = Number((await pidFile(data)).split('\n')[0])
  if (!pid || !isAlive(pid)) return
  if (!(await worksIn(pid, data))) return rm(join(data, 'postmaster.pid'), { force: true })
  signal(pid, 'SIGINT')
  const gone = await until(clock, 5_000, () => !isAlive(pid))
  if (!gone) throw new SwitchhookError('SERVICE', `process ${pid} uses ${data} and does not stop`)
}

/** PostgreSQL works in its data folder. Without /proc the name of the program has to do. */
async function worksIn(pid: number, data: string): Promise<boolean> {
  if (process.platform !== 'linux') {
    return run('ps', ['-p', String(pid), '-o', 'comm=']).then(
      ({ stdout }) => stdout.includes('postgres'),
      () => false,
    )
  }
  const [its, ours] = await Promise.all([stat(`/proc/${pid}/cwd`).catch(() => null), stat(data)])
  return its !== null && its.ino === ours.ino && its.dev === ours.dev
}
