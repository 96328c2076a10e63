/**
 * The flows of an installation. One file is one flow, and the file's name is the flow's name. loadFlows finds every
 * fault when the node starts, none at call time.
 */
import { readdir, realpath } from 'node:fs/promises'
import { register } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InputError, NotFoundError } from '../base/errors.ts'
import { kindOf, type CallbackFlow, type CampaignFlow, type Flow } from './define.ts'
import { allUses, readUses, type Uses } from './uses.ts'

export type AnyFlow = Flow<{}> | Flow | CampaignFlow | CallbackFlow

export class Catalogue {
  readonly #flows: ReadonlyMap<string, AnyFlow>
  /** The queues and sounds that these flows need, as far as their scripts export `uses`. For the doctor. */
  readonly uses: Required<Uses>
  constructor(flows: ReadonlyMap<string, AnyFlow>, uses: Iterable<Uses> = []) {
    this.#flows = flows
    this.uses = allUses(uses)
  }
  get names(): string[] {
    return [...this.#flows.keys()]
  }
  /** Throws NotFoundError (NOT_FOUND) with the names that exist. */
  get(name: string): AnyFlow {
    const found = this.#flows.get(name)
    if (!found) throw new NotFoundError('flow', name, this.names)
    return found
  }
}

/**
 * Extensions of the dialplan that are not flows: `leg` for legs that Switchhook originates, `sorry` for the fallback,
 * `doctor` for the doctor's test call, `retry-…` for the second try, `home-…` for legs that one node must be offered
 * first.
 */
const RESERVED = /^(leg|sorry|doctor|(retry|home)-.*)$/

const PROJECT = new URL('../../', import.meta.url).href
/** The folders outside the project whose flows this process can load. */
const outside = new Set<string>()

/**
 * Loads `<folder>/*.ts` (and .js, .mjs), in this project or outside; folders below it hold what flows share. Rejects
 * with one InputError (BAD_INPUT) that lists every fault.
 */
export async function loadFlows(folder: string): Promise<Catalogue> {
  const root = resolve(folder)
  const files = await readdir(root, { withFileTypes: true }).catch((error: unknown) => {
    throw new InputError(`the folder of flows ${root} cannot be read (setting SCRIPTS)`, { cause: error })
  })
  admit(`${pathToFileURL(await realpath(root)).href}/`)
  const flows = new Map<string, AnyFlow>()
  const uses: Uses[] = []
  const faults: string[] = []
  for (const file of files
    .filter(entry => entry.isFile() && /\.(ts|js|mjs)$/.test(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = file.name.replace(/\.\w+$/, '')
    const fault = await load(name, resolve(root, file.name), flows, uses)
    if (fault) faults.push(`${file.name}: ${fault}`)
  }
  if (flows.size === 0 && faults.length === 0) faults.push('there is no flow in it (a file *.ts, *.js or *.mjs)')
  if (faults.length > 0)
    throw new InputError(
      `${faults.length} fault${faults.length > 1 ? 's' : ''} in ${folder}:\n  ${faults.join('\n  ')}`,
    )
  return new Catalogue(flows, uses)
}

/** Prepares Node for the flows of a folder outside the project: outside-flows.mjs. */
function admit(folder: string): void {
  if (folder.startsWith(PROJECT) || outside.has(folder)) return
  outside.add(folder)
  register('./outside-flows.mjs', import.meta.url, { data: { root: folder, flow: import.meta.resolve('#flow') } })
}

async function load(name: string, path: string, flows: Map<string, AnyFlow>, uses: Uses[]): Promise<string | null> {
  if (!/^[a-z0-9-]{1,40}$/.test(name))
    return "a flow's name has 1 to 40 lower-case letters, digits and -, as the dialplan uses it: rename the file"
  if (RESERVED.test(name)) return `'${name}' is a name that Switchhook's dialplan uses itself: rename the file`
  if (flows.has(name)) return `another file has the flow '${name}' already: remove or rename one of the two`
  let loaded: { default?: unknown; uses?: unknown }
  try {
    loaded = (await import(pathToFileURL(path).href)) as { default?: unknown; uses?: unknown }
    uses.push(readUses(loaded.uses))
  } catch (error) {
    return `it cannot be loaded: ${error instanceof Error ? error.message : String(error)}`
  }
  if (kindOf(loaded.default) === null)
    return 'its default export is not a flow: write `export default flow(async call => { … })`'
  flows.set(name, loaded.default as AnyFlow)
  return null
}
