/**
 * The pages of the desk (src/desk/pages/): bundled once, when the first browser asks, and served from memory. Nothing
 * is loaded from elsewhere, and the browser is told so.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Hono } from 'hono'

const folder = new URL('../pages/', import.meta.url)
const at = (file: string) => fileURLToPath(new URL(file, folder))

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

interface File {
  readonly type: string
  read(): Promise<string>
}

const FILES: Readonly<Record<string, File>> = {
  '/': { type: 'text/html; charset=utf-8', read: () => readFile(at('index.html'), 'utf8') },
  '/desk.svg': { type: 'image/svg+xml', read: () => readFile(at('desk.svg'), 'utf8') },
  '/desk.js': { type: 'text/javascript; charset=utf-8', read: () => bundle('main.tsx') },
  '/desk.css': { type: 'text/css; charset=utf-8', read: () => bundle('style.css') },
}

async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [at(file)],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'silent', // a failure is thrown
  })
  return outputFiles[0]!.text
}

// oxlint-disable-next-line typescript/no-explicit-any -- of whatever environment
export function addPages(app: Hono<any>): void {
  for (const [path, { type, read }] of Object.entries(FILES)) {
    let text: Promise<string> | null = null
    app.get(path, async c => {
      text ??= read()
      text.catch(() => (text = null))
      return c.body(await text, 200, {
        'content-type': type,
        'content-security-policy': POLICY,
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
      })
    })
  }
}
