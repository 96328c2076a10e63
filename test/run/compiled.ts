/**
 * A copy of the project as plain JavaScript, for the processes that tests start. `make test` starts about a hundred, and tsx takes twice
 * the computing of a start to load three hundred files. The tests themselves, `make contract` and `make fault` run what is shipped.
 */
import { execFile } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { SHIPPED } from '../program.ts'

const TSC = ['--noEmit', 'false', '--noCheck', '--rewriteRelativeImportExtensions', '--outDir']
/** What stands between our files without being TypeScript: programs that teach Node to read it, which the copy does not need. */
const STARTERS = ['src/bin.mjs', 'src/cluster/lease-worker.mjs']

/** Writes the copy into a folder of this one, which lies in the project, so that packages are found. Takes about a second. Gives the copy's path. */
export async function compile(within: string): Promise<string> {
  const folder = join(within, 'compiled')
  await promisify(execFile)(join(SHIPPED, 'node_modules/.bin/tsc'), ['-p', SHIPPED, ...TSC, folder])
  const isOther = (path: string) => !path.endsWith('.ts')
  for (const part of ['src', 'scripts', 'dialplan']) await cp(join(SHIPPED, part), join(folder, part), { recursive: true, filter: isOther })
  for (const file of STARTERS) {
    const text = await readFile(join(SHIPPED, file), 'utf8')
    await writeFile(join(folder, file), text.replace(/^.*\bregister\b.*\n/gm, '').replaceAll(".ts'", ".js'"))
  }
  const settings = await readFile(join(SHIPPED, 'package.json'), 'utf8')
  await writeFile(join(folder, 'package.json'), settings.replaceAll('.ts"', '.js"'))
  return folder
}
