/**
 * The folder of a private server's unix socket: its path has 103 bytes at most, and the server's user may enter all its
 * parents.
 */
import { createHash } from 'node:crypto'
import { chmod, chown, mkdir, mkdtemp, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** sun_path has 104 bytes on macOS and 108 on Linux, including the final zero. */
const LONGEST_PATH = 103

export interface Places {
  readonly dataDir: string
  readonly cacheDir: string
}

export interface User {
  readonly uid: number
  readonly gid: number
}

export interface SocketFolder {
  readonly path: string
  /** It is outside the project and the cache, and must be removed when the server ends. */
  readonly temporary: boolean
}

/**
 * Creates a folder of mode 700 that belongs to `user` (default: ours): in the project if possible, else in the cache,
 * else in the temp folder.
 */
export async function socketFolder(
  { dataDir, cacheDir }: Places,
  socketName: string,
  user?: User,
): Promise<SocketFolder> {
  const project = createHash('sha256').update(dataDir).digest('hex').slice(0, 8)
  for (const parent of [join(dataDir, 'run'), join(cacheDir, 'run', project)]) {
    const path = join(parent, socketName.startsWith('.s.PGSQL') ? 'pg' : 'redis')
    if (Buffer.byteLength(join(path, socketName)) > LONGEST_PATH) continue
    await mkdir(parent, { recursive: true })
    if (user && !(await canWalk(parent))) continue
    await mkdir(path, { recursive: true })
    await ownedBy(path, user)
    return { path, temporary: false }
  }
  const path = await mkdtemp(join(tmpdir(), 'switchhook-'))
  await ownedBy(path, user)
  return { path, temporary: true }
}

async function ownedBy(path: string, user: User | undefined): Promise<void> {
  await chmod(path, 0o700)
  if (user) await chown(path, user.uid, user.gid)
}

/** True when any user of this machine may enter every folder down to `path`. */
export async function canWalk(path: string): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false
    if (at === dirname(at)) return true
  }
}
