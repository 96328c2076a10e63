/**
 * Redis from the packages of Debian or Ubuntu, for a machine where nothing may be installed. apt-get, with separate
 * folders, downloads them (signed, from the machine's own sources); dpkg unpacks them into the user's cache. No root,
 * no daemon, 8 MB, some seconds, once. Used by services/redis.ts alone.
 */
import { access, constants, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './guard.ts'

export interface RedisProgram {
  /** The program, with what must precede it. */
  readonly command: readonly string[]
  /** Its origin, for display. */
  readonly from: string
}

/**
 * redis-server and the libraries that it links to. Not every release has all of them; the test is whether the program
 * runs.
 */
const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblua5.1-0', 'lua-bitop', 'lua-cjson', 'liblzf1']

/**
 * $1: the folder, the rest: the packages. Sandbox::User: as root, apt would download as user _apt, who may not write
 * here.
 */
const FETCH = `
set -e
folder=$1; shift
cd "$folder"; mkdir -p lists/partial cache/archives/partial debs root
apt() {
  apt-get -qq -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" \\
    -o Dir::State::Lists="$folder/lists" -o Dir::Cache="$folder/cache" "$@"
}
apt update
cd debs
for package in "$@"; do apt download "$package" || echo "no $package here" >&2; done
for package in *.deb; do dpkg -x "$package" ../root; done
cd ..; rm -rf lists cache debs`

/** Null when this machine has no apt-get, or its packages contain no Redis that runs; `say` gets the reason. */
export async function unpackedRedis(cacheDir: string, say: (line: string) => void): Promise<RedisProgram | null> {
  if (!(await exists('/usr/bin/apt-get')) || !(await exists('/usr/bin/dpkg'))) return null
  const place = join(cacheDir, `redis-${await release()}-${process.arch}`)
  if (!(await exists(join(place, 'usr', 'bin', 'redis-server')))) {
    say("redis: no redis-server found; Debian's packages are unpacked into the cache (once, some seconds)")
    const problem = await fetchInto(place)
    if (problem) {
      say(`redis: unpacking failed: ${problem}`)
      return null
    }
  }
  const libraries = ['usr/lib', 'lib'].flatMap(lib => [join(place, lib, multiarch()), join(place, lib)]).join(':')
  const command = ['/usr/bin/env', `LD_LIBRARY_PATH=${libraries}`, join(place, 'usr', 'bin', 'redis-server')]
  try {
    await run(command[0]!, [...command.slice(1), '--version'])
    return { command, from: 'unpacked packages' }
  } catch (error) {
    say(`redis: the unpacked redis-server does not run: ${(error as Error).message.trim().split('\n').at(-1)}`)
    return null
  }
}

/** Downloads and unpacks. Returns null, or the reason of the failure. */
async function fetchInto(place: string): Promise<string | null> {
  const half = `${place}.${process.pid}`
  const closed = await mkdir(half, { recursive: true }).then(
    () => null,
    (error: Error) => error.message,
  )
  if (closed) return closed
  try {
    await run('/bin/sh', ['-c', FETCH, 'fetch-redis', half, ...PACKAGES], { timeout: 150_000 })
    await rm(place, { recursive: true, force: true })
    await rename(join(half, 'root'), place)
    return null
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    return (stderr.trim() || message).split('\n').at(-1) ?? message
  } finally {
    await rm(half, { recursive: true, force: true })
  }
}

function multiarch(): string {
  return process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
}

/** Part of the folder name: machines with different libraries may share a home folder. */
async function release(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const value = (key: string) => new RegExp(`^${key}="?([\\w.-]+)"?$`, 'm').exec(text)?.[1] ?? 'unknown'
  return `${value('ID')}-${value('VERSION_ID')}`
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
