/**
 * Who may connect to the private PostgreSQL. As root we run it as nobody, and so do many daemons: whoever reaches its socket could be its
 * superuser, and start programs. So PostgreSQL asks the kernel whose process it is (peer authentication) and knows only our own users.
 */
import { chown, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SwitchhookError } from '../base/errors.ts'
import type { User } from './folder.ts'
import { run } from './guard.ts'

/** Of the map in pg_ident.conf. */
const MAP = 'switchhook'
const WORDS = '# Written by switchhook at every start of its private PostgreSQL.\n'

/**
 * Writes pg_hba.conf and pg_ident.conf into the data folder: `role` may be taken by this process's user and, when the data belongs to
 * somebody who is not nobody, by that user too. `user`: whom the server runs as, when that is not us.
 */
export async function admitOnly(data: string, role: string, user: User | undefined): Promise<void> {
  const users = [process.getuid?.() ?? 0, ...(user && user.uid !== NOBODY.uid ? [user.uid] : [])]
  const names = new Set(await Promise.all(users.map(nameOf)))
  const map = [...names].map(name => `${MAP} ${quoted(name)} ${role}\n`).join('')
  await put(join(data, 'pg_ident.conf'), WORDS + map, user)
  await put(join(data, 'pg_hba.conf'), `${WORDS}local all ${role} peer map=${MAP}\n`, user)
}

export const NOBODY: User = { uid: 65_534, gid: 65_534 }

/** A start that is killed here leaves the old file or the new one, never half of it. */
async function put(path: string, text: string, user: User | undefined): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  if (user) await chown(`${path}.new`, user.uid, user.gid)
  await rename(`${path}.new`, path)
}

/** PostgreSQL compares names, not numbers. */
async function nameOf(uid: number): Promise<string> {
  try {
    return (await run('id', ['-nu', String(uid)])).stdout.trim()
  } catch (error) {
    throw new SwitchhookError(
      'SERVICE',
      `the private PostgreSQL knows its users by name, and user ${uid} has none on this machine: run as one who has, or set DATABASE_URL`,
      { cause: error },
    )
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
