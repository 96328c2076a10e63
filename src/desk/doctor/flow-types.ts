/**
 * Doctor: checks the types of the flows. It finds a misspelt verb (`call.anwser()`) or a wrong argument before a caller
 * meets it. Node itself ignores types, so such a flow loads. Needs the TypeScript compiler, which `npm install` brings
 * and `npm install --omit=dev` leaves out.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fault, ok, warning, type Finding } from './finding.ts'

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url))
/** A hundred flows take two seconds on a busy machine. */
const LIMIT_MS = 60_000
const SHOWN = 5

/** One finding about all flows in the folder `scripts`. */
export async function checkFlowTypes(scripts: string): Promise<Finding> {
  const compiler = compilerPath()
  const flow = fileURLToPath(import.meta.resolve('#flow'))
  if (compiler === null || !flow.endsWith('.ts'))
    return ok('flow types', 'not checked: the TypeScript compiler is not installed')
  const folder = resolve(scripts)
  const own = await mkdtemp(join(tmpdir(), 'switchhook-doctor-'))
  try {
    const settings = join(own, 'tsconfig.json')
    await writeFile(settings, JSON.stringify(settingsFor(folder, flow)))
    const said = await run(compiler, ['-p', settings, '--pretty', 'false'])
    if (said === null)
      return warning(
        'flow types',
        `their types were not checked within ${LIMIT_MS / 1_000} s`,
        'repeat it on an idle machine',
      )
    if (said.includes(' TS18003: ')) return ok('flow types', 'no flow is in TypeScript')
    const faults = faultsIn(said, own, folder)
    if (faults.length === 0) return ok('flow types', 'all are right')
    const more = faults.length > SHOWN ? `; and ${faults.length - SHOWN} more` : ''
    return fault(
      'flow types',
      `a call may end in an error here: ${faults.slice(0, SHOWN).join('; ')}${more}`,
      'correct the script; docstrings of `call` name its verbs',
    )
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

function compilerPath(): string | null {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}

/** The project's own settings, without those that are about style. */
function settingsFor(folder: string, flow: string): object {
  return {
    extends: join(PROJECT, 'tsconfig.json'),
    compilerOptions: {
      noUnusedLocals: false,
      noUnusedParameters: false,
      verbatimModuleSyntax: false,
      typeRoots: [join(PROJECT, 'node_modules', '@types')],
      paths: { '#flow': [flow] },
    },
    include: [join(folder, '**', '*.ts')],
  }
}

/** What the compiler prints; null when it takes too long. */
function run(compiler: string, options: readonly string[]): Promise<string | null> {
  return new Promise((settle, reject) => {
    execFile(
      process.execPath,
      [compiler, ...options],
      { timeout: LIMIT_MS, killSignal: 'SIGKILL', maxBuffer: 10_000_000 },
      (error, out) => {
        if (error?.killed) settle(null)
        else if (error && out === '') reject(error)
        else settle(out)
      },
    )
  })
}

/** 'hello.ts, line 3: Property 'anwser' does not exist …'. The compiler's paths are relative to `from`. */
function faultsIn(said: string, from: string, folder: string): string[] {
  return [...said.matchAll(/^(?:(.+)\((\d+),\d+\): )?error TS\d+: (.*)$/gm)].map(([, path, line, what]) =>
    path === undefined ? what! : `${relative(folder, resolve(from, path))}, line ${line}: ${what}`,
  )
}
