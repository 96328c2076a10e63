/**
 * The private PostgreSQL, for an installation without DATABASE_URL: reached over a unix socket only, its data kept
 * between runs in DATA_DIR/pg. PostgreSQL refuses to run as root; under root it runs as the owner of its data, or as
 * nobody. Used by services/open.ts.
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
/** Nothing from our environment: PGDATA, PGPORT and the like must not affect the private server. */
const ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/bin:/bin' }
/** For throwaway data, which may be lost in a power cut. */
const UNSAFE = ['-F', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off']

export interface StartOptions extends Places {
  clock: Clock
  throwaway: boolean
}

export const postgresPipe = (dataDir: string): string => join(dataDir, 'run', 'pg.hold')

/** True when the server in the registry answers. */
export async function postgresAnswers({ address }: Running<RunningPostgres['address']>): Promise<boolean> {
  return databaseVersion({ ...address, database: 'postgres' }, 2_000).then(
    () => true,
    () => false,
  )
}

/**
 * Starts the server, for the first time or again, and creates the database. Rejects with SwitchhookError SERVICE and
 * the end of its log.
 */
export async function startPostgres(options: StartOptions): Promise<{ running: RunningPostgres; guard: Guard }> {
  const { dataDir, cacheDir, clock, throwaway } = options
  const data = join(dataDir, 'pg')
  const user = await serverUser(data)
  const files = await postgresFiles({ cacheDir }, user !== undefined)
  if ((await initialised(data)) === null) await initialise(data, files, user)
  await checkVersion(data, files.version)
  await endOrphan(data, clock)
  await admitOnly(data, NAME, user) // at every start: an earlier version admitted every user that reached the socket

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

/**
 * The user that the server runs as; undefined: ours. Rejects with SERVICE when the data belongs to another user, or as
 * root on macOS.
 */
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
      `${data} belongs to user id ${owner.uid}, this process runs as ${me}: run as that user, or set DATA_DIR`,
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

/**
 * The working directory, as the server sees it: a user who may not enter /root can still use an opened folder below it.
 */
const dataArgument = (data: string, user: User | undefined): string => (user ? '/proc/self/cwd' : data)

/**
 * Creates the data in a temporary folder and renames it when complete: a start that is killed leaves no half database.
 */
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
    throw new SwitchhookError('SERVICE', `initdb of the private PostgreSQL failed in ${half}: ${why}`, { cause: error })
  }
  await rename(half, data)
}

/** The major version that created the data; null without data. */
async function initialised(data: string): Promise<string | null> {
  return readFile(join(data, 'PG_VERSION'), 'utf8').then(
    text => text.trim(),
    () => null,
  )
}

async function checkVersion(data: string, version: string): Promise<void> {
  const made = await initialised(data)
  if (made === version.split('.')[0]) return
  const what = `${data} was created by PostgreSQL ${made}, this is ${version}`
  throw new SwitchhookError('SERVICE', `${what}: export the data with that version, or remove the folder`)
}

/**
 * True when the eighth line of PostgreSQL's pid file is 'ready'. (Its socket exists earlier and answers "starting up".)
 * A killed server leaves its pid file, also with 'ready': `before` is that content.
 */
async function saysReady(data: string, before: string): Promise<boolean> {
  const now = await pidFile(data)
  return now !== before && now.split('\n')[7]?.trim() === 'ready'
}

async function pidFile(data: string): Promise<string> {
  return readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
}

/**
 * Handles a pid file whose process is alive, though no guard runs. Either the guard was killed and PostgreSQL was not:
 * the server is stopped. Or another process has the pid now (after a restart of a container): PostgreSQL would refuse
 * to start, so the file is removed.
 */
async function endOrphan(data: string, clock: Clock): Promise<void> {
  const pid = Number((await pidFile(data)).split('\n')[0])
  if (!pid || !isAlive(pid)) return
  if (!(await worksIn(pid, data))) return rm(join(data, 'postmaster.pid'), { force: true })
  signal(pid, 'SIGINT')
  const gone = await until(clock, 5_000, () => !isAlive(pid))
  if (!gone) throw new SwitchhookError('SERVICE', `process ${pid} uses ${data} and does not stop within 5 s: end it`)
}

/**
 * True when the process is the PostgreSQL of this data: its working directory is the data folder. Without /proc: by its
 * name.
 */
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
