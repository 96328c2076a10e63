/**
 * Access rules of the private PostgreSQL. When Switchhook runs as root, the server runs as nobody, like many daemons: a
 * process of nobody that reaches the socket could become superuser of the database and start programs. So PostgreSQL
 * gets the user of the peer process from the kernel (peer authentication), and admits only our own users. Used by
 * services/postgres.ts alone.
 */
import { chown, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SwitchhookError } from '../base/errors.ts'
import type { User } from './folder.ts'
import { run } from './guard.ts'

/** The name of the map in pg_ident.conf. */
const MAP = 'switchhook'
const WORDS = '# Written by switchhook at every start of its private PostgreSQL.\n'

/**
 * Writes pg_hba.conf and pg_ident.conf into the data folder. They admit the user of this process as `role`, and also
 * the owner of the data unless that is nobody. `user`: the user that the server runs as, when it differs from ours.
 * Rejects with SERVICE for a user without a name.
 */
export async function admitOnly(data: string, role: string, user: User | undefined): Promise<void> {
  const users = [process.getuid?.() ?? 0, ...(user && user.uid !== NOBODY.uid ? [user.uid] : [])]
  const names = new Set(await Promise.all(users.map(nameOf)))
  const map = [...names].map(name => `${MAP} ${quoted(name)} ${role}\n`).join('')
  await put(join(data, 'pg_ident.conf'), WORDS + map, user)
  await put(join(data, 'pg_hba.conf'), `${WORDS}local all ${role} peer map=${MAP}\n`, user)
}

export const NOBODY: User = { uid: 65_534, gid: 65_534 }

/** Writes a file atomically: a start that is killed here leaves the old file or the new one. */
async function put(path: string, text: string, user: User | undefined): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  if (user) await chown(`${path}.new`, user.uid, user.gid)
  await rename(`${path}.new`, path)
}

/** The name of a user: PostgreSQL compares names, not ids. */
async function nameOf(uid: number): Promise<string> {
  try {
    return (await run('id', ['-nu', String(uid)])).stdout.trim()
  } catch (error) {
    throw new SwitchhookError(
      'SERVICE',
      `the private PostgreSQL needs the name of its user, and user id ${uid} has none on this machine: run as a user with a name, or set DATABASE_URL`,
      { cause: error },
    )
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
