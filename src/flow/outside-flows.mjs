/**
 * Module hooks of Node for flows in a folder outside this project (setting SCRIPTS): their `#flow` is this project's,
 * and their .ts files are modules without a package.json that says so. Registered by catalogue.ts. JavaScript, because
 * Node runs hooks in a thread of their own, which reads no TypeScript.
 */
let root = ''
let flow = ''

export function initialize(data) {
  root = data.root
  flow = data.flow
}

export async function resolve(specifier, context, next) {
  if (specifier === '#flow' && context.parentURL?.startsWith(root)) return next(flow, context)
  const found = await next(specifier, context)
  return found.url.startsWith(root) && /\.ts($|\?)/.test(found.url) ? { ...found, format: 'module' } : found
}
